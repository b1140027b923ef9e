import type { Clock } from './clock.ts';

/** Time that passes by itself, and a way to let the rest of the process work. */
export interface RealTime extends Clock {
  /** Resolves when the event loop has turned once: what was there to be read has been read. */
  turn(): Promise<void>;
}
