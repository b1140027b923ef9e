import type { Clock } from './clock.ts';

/** Time that passes by itself, and a way to let the rest of the process run. */
export interface RealTime extends Clock {
  /** Resolves after one turn of the event loop: everything that could be read has been read. */
  turn(): Promise<void>;
}
