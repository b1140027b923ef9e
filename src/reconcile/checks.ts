import type { Clock, Millis } from '../ports/clock.ts';
import { whenReady } from '../ports/maybe-promise.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { createAlarm, type Alarm } from '../structures/alarm.ts';
import type { WebhookEvent } from '../webhooks/event.ts';
import type { Correct } from './correct.ts';
import type { Debtor } from './debtor.ts';

/** What comparing debts with the truth needs. */
export interface CheckOptions {
  readonly clock: Clock;
  readonly correct: Correct;
  /** The events of a channel that wait for an endpoint, in order. */
  readonly waitingFor: (appId: string, endpointId: string, channel: ChannelName) => readonly WebhookEvent[];
}

/** How often to try an endpoint again for which nothing waits, so that no result of a delivery arrives. */
export const everyMs: Millis = 60_000;

/** How soon to try again what could not be corrected, because the truth was unknown. */
const retryMs: Millis = 1000;

/** How many channels are compared in a turn of the event loop, or at the same time. */
const mostChecks = 200;

/** Compares what endpoints believe of channels with the truth when it is time to, and has them sent the difference. */
export class Checks {
  readonly #options: CheckOptions;
  readonly #debtors: () => Iterable<Debtor>;
  readonly #settled: (debtor: Debtor, channel: ChannelName) => void;
  readonly #alarm: Alarm;
  /** How many channels are being compared. */
  #pending = 0;
  /** Whether others wait until fewer are. */
  #isFull = false;
  #isStopped = false;

  /** `settled` is called when an endpoint believes the truth of a channel, and nothing of it waits. */
  constructor(
    options: CheckOptions,
    debtors: () => Iterable<Debtor>,
    settled: (debtor: Debtor, channel: ChannelName) => void,
  ) {
    this.#options = options;
    this.#debtors = debtors;
    this.#settled = settled;
    this.#alarm = createAlarm(options.clock, () => this.#work());
  }

  /** The endpoint accepts deliveries again. The work is done soon but not now, because this may be called during a step. */
  look(debtor: Debtor | undefined): void {
    if (debtor !== undefined && debtor.checkAt < Infinity) this.lookIn(debtor, 0);
  }

  lookIn(debtor: Debtor, delayMs: Millis): void {
    debtor.checkAt = Math.min(debtor.checkAt, this.#options.clock.now() + delayMs);
    this.#alarm.set(debtor.checkAt);
  }

  stop(): void {
    this.#isStopped = true;
    this.#alarm.stop();
  }

  #work(): void {
    const at = this.#options.clock.now();
    let left = mostChecks - this.#pending;
    let nextAt = Infinity;
    for (const debtor of this.#debtors()) {
      if (debtor.checkAt <= at && debtor.due.length === 0) {
        debtor.due = [...debtor.debts.due];
        debtor.checkAt = debtor.due.length > 0 ? at + everyMs : Infinity;
      }
      const channels = debtor.due.splice(0, left);
      left -= channels.length;
      // Events for a disabled endpoint are dropped. For a held one they would wait, and others might be dropped for them.
      const isServed = debtor.endpoint.isEnabled && debtor.endpoint.heldSinceMs === undefined;
      if (isServed) for (const channel of channels) this.#check(debtor, channel);
      nextAt = Math.min(nextAt, debtor.due.length > 0 ? at : debtor.checkAt);
    }
    this.#isFull = nextAt <= at && this.#pending >= mostChecks;
    if (nextAt < Infinity && !this.#isFull) this.#alarm.set(nextAt);
  }

  #check(debtor: Debtor, channel: ChannelName): void {
    const { clock, correct, waitingFor } = this.#options;
    const { appId, endpoint, debts, checks } = debtor;
    const expected = debts.expect(channel, waitingFor(appId, endpoint.id, channel));
    if (expected === undefined) return;
    const earlier = checks.get(channel);
    // What was missing waits, or will wait soon.
    if (earlier !== undefined && (!earlier.isDone || expected.isPending)) return;
    const check = { isDone: false };
    checks.set(channel, check);
    this.#pending += 1;
    const { believed, isPending } = expected;
    void whenReady(correct({ appId, endpoint, channel, believed }), (sent) => {
      this.#pending -= 1;
      if (this.#isFull) this.#alarm.set(clock.now());
      // If something was dropped meanwhile, it is compared again later.
      if (this.#isStopped || checks.get(channel) !== check) return;
      check.isDone = true;
      const isKnown = sent !== undefined;
      if (isKnown && (sent > 0 || isPending)) return;
      checks.delete(channel);
      if (isKnown) this.#settled(debtor, channel);
      else this.lookIn(debtor, retryMs);
    });
  }
}
