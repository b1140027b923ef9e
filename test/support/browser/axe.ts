import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** What axe finds wrong with the page as it is shown, a line for each element; of colours only, if that is all that changed. */
export async function faultsOfAccess(
  page: Page,
  what: 'everything' | 'colours' = 'everything',
): Promise<readonly string[]> {
  // Given to the debugger and not to the page, so its policy for scripts stays as it is.
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
