import type { OverviewView, SeriesView } from '../views/server.ts';
import type { Cancel, Clock, Millis, WallTime } from '../ports/clock.ts';
import type { Totals } from './totals.ts';

const stepMs: Millis = 5000;

/** The steps of an hour. */
const steps = 720;

/** The numbers that are counted in each step. */
const countedKeys = ['published', 'received', 'delivered', 'failed', 'dropped', 'refused'] as const;

type Counted = (typeof countedKeys)[number];

/** The history of the last hour in steps of five seconds, sampled from totals. */
export class Samples {
  readonly #clock: Clock;
  readonly #wallTime: WallTime;
  readonly #totals: Readonly<Totals>;
  readonly #counts: Readonly<Record<Counted, Float64Array>>;
  readonly #connections = new Float64Array(steps);
  /** The totals at the end of the last step. */
  #before: Readonly<Totals>;
  #endedAt: Millis;
  /** How many steps have ended. The index of the last one follows from it. */
  #ended = 0;
  #cancel: Cancel | undefined;

  /** Starts to sample the totals every five seconds. */
  constructor(
    { clock, wallTime }: { readonly clock: Clock; readonly wallTime: WallTime },
    totals: Readonly<Totals>,
  ) {
    this.#clock = clock;
    this.#wallTime = wallTime;
    this.#totals = totals;
    this.#counts = {
      published: new Float64Array(steps),
      received: new Float64Array(steps),
      delivered: new Float64Array(steps),
      failed: new Float64Array(steps),
      dropped: new Float64Array(steps),
      refused: new Float64Array(steps),
    };
    this.#before = { ...totals };
    this.#endedAt = clock.now();
    this.#sampleLater();
  }

  /** The finished steps, oldest first. */
  series(): SeriesView {
    this.#catchUp();
    return {
      stepMs,
      endMs: Math.round(this.#wallTime.now() - (this.#clock.now() - this.#endedAt)),
      connections: this.#ordered(this.#connections),
      published: this.#ordered(this.#counts.published),
      received: this.#ordered(this.#counts.received),
      delivered: this.#ordered(this.#counts.delivered),
      failed: this.#ordered(this.#counts.failed),
      dropped: this.#ordered(this.#counts.dropped),
      refused: this.#ordered(this.#counts.refused),
    };
  }

  /** The rates per second over the last five seconds: the part of the current step, and a share of the last one. */
  rates(): OverviewView['rates'] {
    this.#catchUp();
    const share = 1 - (this.#clock.now() - this.#endedAt) / stepMs;
    const rate = (key: Counted): number => {
      const last = this.#ended === 0 ? 0 : (this.#counts[key][(this.#ended - 1) % steps] ?? 0);
      const count = this.#totals[key] - this.#before[key] + share * last;
      return Math.round((count * 10_000) / stepMs) / 10;
    };
    return {
      published: rate('published'),
      received: rate('received'),
      delivered: rate('delivered'),
      failed: rate('failed'),
      dropped: rate('dropped'),
      refused: rate('refused'),
    };
  }

  /** Stops all timers. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #sampleLater(): void {
    this.#cancel = this.#clock.after(this.#endedAt + stepMs - this.#clock.now(), () => {
      this.#catchUp();
      this.#sampleLater();
    });
  }

  /** Ends the steps that are over. If several are, everything counted in them goes into the last one. */
  #catchUp(): void {
    let over = Math.floor((this.#clock.now() - this.#endedAt) / stepMs);
    this.#endedAt += over * stepMs;
    // Steps older than an hour are not kept.
    for (over = Math.min(over, steps); over > 0; over -= 1) this.#endStep(over === 1);
  }

  #endStep(isLast: boolean): void {
    const place = this.#ended % steps;
    const now = isLast ? this.#totals : this.#before;
    for (const key of countedKeys) this.#counts[key][place] = now[key] - this.#before[key];
    this.#connections[place] = now.connections;
    this.#ended += 1;
    if (isLast) this.#before = { ...this.#totals };
  }

  #ordered(values: Float64Array): readonly number[] {
    const count = Math.min(this.#ended, steps);
    return Array.from({ length: count }, (_, index) => values[(this.#ended - count + index) % steps] ?? 0);
  }
}
