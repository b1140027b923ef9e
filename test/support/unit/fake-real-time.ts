import type { RealTime } from '../../../src/ports/real-time.ts';
import { FakeClock } from '../fake-clock.ts';

/** Real time as the code under test sees it. The test advances it, and turns start immediately. */
export class FakeRealTime extends FakeClock implements RealTime {
  turns = 0;

  async turn(): Promise<void> {
    this.turns += 1;
  }
}
