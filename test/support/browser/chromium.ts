import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** Chromium without the parts that draw windows. The tests need half the CPU time with it. */
const headlessShell = '/usr/bin/chromium-headless-shell';

const candidates: readonly string[] = [
  process.env['CHROMIUM_PATH'] ?? '',
  headlessShell,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** Whether a lighter browser could be installed than the one that would be used. */
export function isLighterWanted(): boolean {
  return process.env['CHROMIUM_PATH'] === undefined && !existsSync(headlessShell);
}

/** The path of Chromium. */
export function findChromium(): string | undefined {
  return candidates.find((path) => path !== '' && existsSync(path));
}

/** Why there is no browser to test with, or undefined if there is one. */
export function faultOfChromium(): string | undefined {
  if (findChromium() !== undefined) return undefined;
  return 'The tests of the Dashboard need Chromium: install it (apt-get install chromium-headless-shell), or name one in CHROMIUM_PATH';
}

/** Starts Chromium. It sends no requests except for the pages that it opens. */
export function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error(faultOfChromium());
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
