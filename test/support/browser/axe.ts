import axe from 'axe-core';
import type { Page } from 'playwright-core';

/**
 * The problems that axe finds in the page, one line per element. Checks only colours if nothing else has
 * changed.
 */
export async function faultsOfAccess(
  page: Page,
  what: 'everything' | 'colours' = 'everything',
): Promise<readonly string[]> {
  // Injected by the debugger, so that the page's content security policy stays in force.
  await page.evaluate(axe.source);
  const values = what === 'colours' ? ['color-contrast', 'link-in-text-block'] : [];
  const { violations } = await page.evaluate(
    (rules) =>
      (globalThis as unknown as { axe: typeof axe }).axe.run(document, {
        resultTypes: ['violations'],
        ...(rules.length > 0 && { runOnly: { type: 'rule', values: rules } }),
      }),
    values,
  );
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} (${help}): ${target.join(' ')}: ${failureSummary}`),
  );
}
