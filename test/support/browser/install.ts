import { canInstall, installPackage } from '../apt.ts';
import { faultOfChromium } from './chromium.ts';

/** Runs once, before all files that need a browser, and installs Chromium where that can be done. */
export default function setup(): void {
  if (faultOfChromium() !== undefined && canInstall())
    installPackage('chromium', 'for the tests of the Dashboard');
}
