import type { Millis } from '../ports/clock.ts';
import type { Endpoint } from '../webhooks/endpoint.ts';
import { HoldClock } from '../webhooks/hold-clock.ts';
import { createAlarm } from '../structures/alarm.ts';
import type { DeliveryOptions } from './delivery-options.ts';

/** What the time of an endpoint needs. */
type HeldTimeOptions = Pick<DeliveryOptions, 'clock' | 'wallTime' | 'downSince'>;

/** The time of an endpoint, which stands still while the endpoint is held, and an alarm that runs by it. */
export class HeldTime {
  readonly #options: HeldTimeOptions;
  readonly #alarm;
  /** The clock itself. */
  readonly clock = new HoldClock();

  constructor(options: HeldTimeOptions, ring: () => void) {
    this.#options = options;
    this.#alarm = createAlarm(options.clock, ring);
  }

  get now(): Millis {
    return this.clock.local(this.#options.clock.now());
  }

  get isHeld(): boolean {
    return this.clock.isHeld;
  }

  /**
   * Takes over the holds of an endpoint, which are given by the time of day, instead of those that it had. It must not have any
   * events yet.
   */
  begin({ heldSinceMs, lastHold }: Pick<Endpoint, 'heldSinceMs' | 'lastHold'>): void {
    const { clock, wallTime, downSince = () => 0 } = this.#options;
    const [now, wallNowMs] = [clock.now(), wallTime.now()];
    // A time in the future counts as now, because the time of day may have been set back.
    const momentOf = (timeMs: number): Millis => now - Math.max(0, wallNowMs - timeMs - downSince(timeMs));
    this.clock.reset();
    if (lastHold !== undefined) {
      this.clock.hold(momentOf(lastHold.fromMs));
      this.clock.release(momentOf(lastHold.toMs));
    }
    if (heldSinceMs !== undefined) this.clock.hold(momentOf(heldSinceMs));
  }

  /** From now on, the time stands still. */
  hold(): void {
    this.clock.hold(this.#options.clock.now());
  }

  release(): void {
    this.clock.release(this.#options.clock.now());
  }

  /** The endpoint's time for something that was planned, without knowledge of holds, to happen after `delayMs`. */
  planned(delayMs: Millis): Millis {
    return this.clock.planned(this.#options.clock.now() + delayMs);
  }

  /** Rings at this time or earlier, but not while the time stands still. Infinity sets nothing. */
  ringAt(local: Millis): void {
    const moment = this.clock.momentOf(local);
    if (moment === Infinity) this.#alarm.clear();
    else this.#alarm.set(moment);
  }

  /** Stops the alarm for good. */
  stop(): void {
    this.#alarm.stop();
  }
}
