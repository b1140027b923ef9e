import { faultOfRedis } from './version.ts';

// A test that is left out because something is missing would be taken for one that passes.
const fault = faultOfRedis();
if (fault !== undefined) throw new Error(fault);
