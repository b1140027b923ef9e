import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import { createMock } from './server.ts';

// Takes screenshots of the built Dashboard in light, dark and forced colours, wide, narrow and zoomed, and checks each with axe:
//   npx tsx test/support/dashboard/look.ts --out shots [--production] [--clock] [--empty] [#/apps/shop/settings ...]
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string', default: 'dist/screenshots' },
    production: { type: 'boolean', default: false },
    view: { type: 'boolean', default: false },
    login: { type: 'boolean', default: false },
    clock: { type: 'boolean', default: false },
    empty: { type: 'boolean', default: false },
    only: { type: 'string' },
    click: { type: 'string', multiple: true },
    full: { type: 'boolean', default: false },
  },
});
const pages = [
  '#/apps/shop/settings',
  '#/apps/shop/webhooks/endpoints',
  '#/apps/shop/webhooks/deliveries',
  '#/apps/shop/webhooks/dropped',
  '#/apps/shop/webhooks/verify',
  '#/add-app',
];
const looks = [
  { name: 'light', colorScheme: 'light', width: 1280, height: 800 },
  { name: 'dark', colorScheme: 'dark', width: 1280, height: 800 },
  { name: 'narrow', colorScheme: 'light', width: 360, height: 740 },
  // A screen 1280 pixels wide, zoomed to 200 %.
  { name: 'zoomed', colorScheme: 'light', width: 640, height: 400 },
  { name: 'forced', colorScheme: 'dark', width: 1280, height: 800, forcedColors: 'active' },
] as const;
const mock = createMock(values);
await new Promise<void>((resolve) => mock.listen(0, '127.0.0.1', resolve));
const root = `http://127.0.0.1:${(mock.address() as AddressInfo).port}/dashboard/`;
mkdirSync(values.out, { recursive: true });
const browser = await launchChromium();
for (const look of looks)
  if (values.only === undefined || values.only === look.name) await photograph(browser, look);
await browser.close();
mock.close();
mock.closeAllConnections();

async function photograph(opened: Browser, look: (typeof looks)[number]): Promise<void> {
  const { name, colorScheme, width, height } = look;
  const forcedColors = 'forcedColors' in look ? look.forcedColors : 'none';
  const context = await opened.newContext({ colorScheme, forcedColors, viewport: { width, height } });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) console.log(`  console: ${message.text()}`);
  });
  page.on('pageerror', (error) => console.log(`  error: ${error.message}`));
  for (const address of positionals.length > 0 ? positionals : pages) {
    await page.goto(root);
    await page.goto(`${root}${address}`);
    await page.waitForSelector('h1');
    await page.waitForTimeout(500);
    for (const selector of values.click ?? []) {
      await page.locator(selector).first().click();
      await page.waitForTimeout(300);
    }
    const file = `${values.out}/${address.replaceAll(/[^a-z0-9]+/gi, '-').replace(/^-/, '')}-${name}.png`;
    await page.screenshot({ path: file, fullPage: values.full });
    console.log(file);
    await judge(page, width);
  }
  await context.close();
}

async function judge(page: Page, width: number): Promise<void> {
  const wide = await page.evaluate('document.documentElement.scrollWidth');
  if (Number(wide) > width) console.log(`  wider than the screen: ${String(wide)} px`);
  await page.evaluate(axe.source);
  const problems = (await page.evaluate(
    'axe.run().then(({ violations }) => violations.map(({ id, help, nodes }) => `${id}: ${help}\\n      ${nodes.slice(0, 4).map(({ html, failureSummary }) => html + " " + failureSummary.split("\\n")[1]).join("\\n      ")}`))',
  )) as string[];
  for (const problem of problems) console.log(`  axe ${problem}`);
}
