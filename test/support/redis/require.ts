import { faultOfRedis } from './version.ts';

// A skipped test would look like one that passes.
const fault = faultOfRedis();
if (fault !== undefined) throw new Error(fault);
