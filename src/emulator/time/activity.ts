import type { Millis } from '../../ports/clock.ts';
import type { RealTime } from '../../ports/real-time.ts';

/** Turns of the event loop without anything happening after which nothing is taken to be on its way on loopback. */
const quietTurns = 8;

/** A server that is kept busy without end is taken as it is after so many turns. */
const mostTurns = 10_000;

/** Whoever never rests is not waited for longer than so many times. */
const restTries = 10;

/**
 * What the server does in real time, whatever its clock says: bytes that come and go on sockets, and requests
 * under way to endpoints. The clock is moved only once that has come to rest.
 */
export class Activity {
  readonly #real: RealTime;
  readonly #patienceMs: Millis;
  readonly #watching = new Set<() => void>();
  /** When each request under way began, in real time. */
  readonly #underWay = new Map<object, Millis>();
  #count = 0;

  /** A request that takes longer than `patienceMs` of real time is not waited for: its receiver may be silent. */
  constructor(real: RealTime, patienceMs: Millis) {
    this.#real = real;
    this.#patienceMs = patienceMs;
  }

  /** Something has happened. */
  note(): void {
    this.#count += 1;
    for (const tell of this.#watching) tell();
  }

  /** Counts a request as under way until it is settled. */
  async track<T>(work: Promise<T>): Promise<T> {
    const token = {};
    this.#underWay.set(token, this.#real.now());
    this.note();
    try {
      return await work;
    } finally {
      this.#underWay.delete(token);
      this.note();
    }
  }

  /** Resolves when nothing is on its way any more: no bytes on loopback, no request of which an end can be expected. */
  async settled(): Promise<void> {
    for (;;) {
      await this.#quiet();
      const waitMs = this.#patienceLeft();
      if (waitMs === undefined) return;
      await this.changed(waitMs);
    }
  }

  /** Whether something happens within so much real time; resolves as soon as it does. */
  changed(withinMs: Millis): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (hasChanged: boolean): void => {
        this.#watching.delete(tell);
        cancel();
        resolve(hasChanged);
      };
      const tell = (): void => end(true);
      const cancel = this.#real.after(withinMs, () => end(false));
      this.#watching.add(tell);
    });
  }

  /** Resolves once nothing has happened for so much real time, or after a few times as much. */
  async restedFor(ms: Millis): Promise<void> {
    for (let tries = 0; tries < restTries && (await this.changed(ms)); tries += 1) await this.settled();
  }

  async #quiet(): Promise<void> {
    let seen = this.#count;
    let quiet = 0;
    for (let turns = 0; quiet < quietTurns && turns < mostTurns; turns += 1) {
      await this.#real.turn();
      quiet = seen === this.#count ? quiet + 1 : 0;
      seen = this.#count;
    }
  }

  /** How long the request that began last may still take; undefined when none is under way that may. */
  #patienceLeft(): Millis | undefined {
    const at = this.#real.now();
    let left: Millis | undefined;
    for (const startedAt of this.#underWay.values()) {
      const remaining = startedAt + this.#patienceMs - at;
      if (remaining > 0) left = Math.max(left ?? 0, remaining);
    }
    return left;
  }
}
