import { faultOfChromium } from './chromium.ts';

// A test that is left out because something is missing would be taken for one that passes.
const fault = faultOfChromium();
if (fault !== undefined) throw new Error(fault);
