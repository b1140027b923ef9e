import { faultOfChromium } from './chromium.ts';

// A skipped test would look like one that passes.
const fault = faultOfChromium();
if (fault !== undefined) throw new Error(fault);
