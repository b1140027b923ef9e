import { canInstall, installPackage } from '../apt.ts';
import { faultOfChromium } from './chromium.ts';

/** Runs once before all browser tests, and installs Chromium where that is possible. */
export default function setup(): void {
  if (faultOfChromium() !== undefined && canInstall())
    installPackage('chromium', 'for the tests of the Dashboard');
}
