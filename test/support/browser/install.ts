import { canInstall, installKnownPackage, installPackage } from '../apt.ts';
import { faultOfChromium, isLighterWanted } from './chromium.ts';

const shell = 'chromium-headless-shell';
const purpose = 'for the tests of the Dashboard';

/** Runs once before all browser tests, and installs Chromium where that is possible. */
export default function setup(): void {
  if (!canInstall()) return;
  if (isLighterWanted()) installKnownPackage(shell);
  // Not every distribution has the shell.
  for (const name of [shell, 'chromium']) if (faultOfChromium() !== undefined) installPackage(name, purpose);
}
