import type { APIResponse, Page, Route } from 'playwright-core';

/** Sends a request to the admin API with the session of the page, as another tab would. Returns the response. */
export async function ask<Answer>(
  page: Page,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body: unknown = {},
): Promise<Answer> {
  const answer: Answer = await page.evaluate(
    async (plan) => {
      const response = await fetch(`api/${plan.path}`, {
        method: plan.method,
        ...(plan.method !== 'GET' && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(plan.body),
        }),
      });
      if (!response.ok) throw new Error(`${plan.path}: ${await response.text()}`);
      return response.json();
    },
    { method, path, body },
  );
  return answer;
}

/** Waits, where a test checks that nothing happens. */
export function pass(page: Page, ms: number): Promise<void> {
  return page.evaluate((time) => new Promise((resolve) => setTimeout(resolve, time)), ms);
}

/** Fetches an intercepted request from the server, which accepts it only with the headers of a browser. */
export function fetchAsPage(route: Route): Promise<APIResponse> {
  return route.fetch({ headers: { ...route.request().headers(), 'sec-fetch-site': 'same-origin' } });
}

/** Hides a tab, or makes it visible again. */
export function turn(page: Page, state: 'visible' | 'hidden'): Promise<void> {
  return page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);
}
