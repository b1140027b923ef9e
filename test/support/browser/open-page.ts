import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { launchChromium } from './chromium.ts';

/** Forbidden actions of a page. Empty if all is well. */
export type Violations = readonly string[];

/** A tab that shows the Dashboard. */
export interface Tab {
  readonly page: Page;
  readonly violations: Violations;
}

interface TabOptions {
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
}

export type OpenTab = (server: Served, options?: TabOptions) => Promise<Tab>;

/** Where the Dashboard is served. */
export interface Served {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
}

/**
 * Starts Chromium for all tests of a file. The function opens a tab that may send requests to `server` only.
 * Each test checks that at its end.
 */
export function useChromium(): OpenTab {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  return async (server, { colorScheme = 'light', width = 1280, height = 800 } = {}) => {
    const context = await browser.newContext({
      colorScheme,
      viewport: { width, height },
      reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(45_000);
    const violations: string[] = [];
    await logPolicyViolations(context);
    const page = await context.newPage();
    watch(page, server, violations);
    onTestFinished(async () => {
      await context.close();
      expect(violations, 'forbidden actions of the page').toEqual([]);
    });
    return { page, violations };
  };
}

/** Violations of the content security policy arrive as console messages. */
async function logPolicyViolations(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) => {
      console.error(`CSP: ${violatedDirective} ${blockedURI} in ${sourceFile}`);
    });
  });
}

function watch(page: Page, { url }: Served, violations: string[]): void {
  page.on('request', (request) => {
    const requested = request.url();
    const isOwn = requested.startsWith(`${url}/dashboard/`) || requested.startsWith('data:');
    if (!isOwn) violations.push(`requests ${requested}`);
  });
  page.on('dialog', (dialog) => {
    violations.push(`opens a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('popup', (popup) => violations.push(`opens ${popup.url()}`));
  page.on('pageerror', (error) => violations.push(`throws ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    // Chromium logs each rejected request and an unreachable server. Tests cause both on purpose.
    const isNetwork = /^Failed to load resource|ERR_CONNECTION|ERR_INCOMPLETE_CHUNKED/.test(message.text());
    if (message.type() === 'error' && !isNetwork) violations.push(`writes ${message.text()}`);
  });
}

/** Opens a page of the Dashboard by its address, such as `apps/1/settings`, and waits for its heading. */
export async function visit({ page }: Tab, server: Served, address = '', heading?: string): Promise<void> {
  await page.goto(`${server.url}/dashboard/${address === '' ? '' : `#/${address}`}`);
  await seen(page, heading);
}

/** Waits for the page with this heading, or for any page. */
export async function seen(page: Page, heading?: string): Promise<void> {
  await page
    .getByRole('heading', { level: 1, ...(heading !== undefined && { name: heading, exact: true }) })
    .waitFor();
}
