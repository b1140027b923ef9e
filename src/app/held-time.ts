import type { Clock, Millis } from '../ports/clock.ts';
import type { Endpoint } from '../webhooks/endpoint.ts';
import { HoldClock } from '../webhooks/hold-clock.ts';
import { createAlarm } from './alarm.ts';

/** The time of an endpoint, which stands still while it is held, and an alarm that rings by it. */
export class HeldTime {
  readonly #real: Clock;
  readonly #alarm;
  /** For what lives by it. */
  readonly clock = new HoldClock();

  constructor(real: Clock, ring: () => void) {
    this.#real = real;
    this.#alarm = createAlarm(real, ring);
  }

  get now(): Millis {
    return this.clock.local(this.#real.now());
  }

  get isHeld(): boolean {
    return this.clock.isHeld;
  }

  /** Takes over the holds of which an endpoint tells that begins here, by the time of day. */
  begin({ heldSinceMs, lastHold }: Pick<Endpoint, 'heldSinceMs' | 'lastHold'>, wallNowMs: number): void {
    const now = this.#real.now();
    // What is said to come yet is taken for now: the time of day may have been put back.
    const momentOf = (timeMs: number): Millis => now - Math.max(0, wallNowMs - timeMs);
    if (lastHold !== undefined) {
      this.clock.hold(momentOf(lastHold.fromMs));
      this.clock.release(momentOf(lastHold.toMs));
    }
    if (heldSinceMs !== undefined) this.clock.hold(momentOf(heldSinceMs));
  }

  /** It stands still from now on. */
  hold(): void {
    this.clock.hold(this.#real.now());
  }

  release(): void {
    this.clock.release(this.#real.now());
  }

  /** The time for which somebody who knows of no hold has planned what is due so much later on the clock. */
  planned(delayMs: Millis): Millis {
    return this.clock.planned(this.#real.now() + delayMs);
  }

  /** Rings at this time or earlier, unless it is Infinity; not while it stands still. */
  ringAt(local: Millis): void {
    const moment = this.clock.momentOf(local);
    if (moment === Infinity) this.#alarm.clear();
    else this.#alarm.set(moment);
  }

  /** Rings no more. */
  stop(): void {
    this.#alarm.stop();
  }
}
