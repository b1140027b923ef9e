import type { RealTime } from '../../../src/ports/real-time.ts';
import { FakeClock } from '../fake-clock.ts';

/** Real time, as far as the code under test can tell: it passes when the test says so, and turns come at once. */
export class FakeRealTime extends FakeClock implements RealTime {
  turns = 0;

  async turn(): Promise<void> {
    this.turns += 1;
  }
}
