import type { Millis } from '../../ports/clock.ts';
import type { RealTime } from '../../ports/real-time.ts';

/** After this many idle turns of the event loop, nothing is assumed to be in transit on loopback. */
const quietTurns = 8;

/** A server that is never idle is no longer waited for after this many turns. */
const mostTurns = 10_000;

/** Continuous activity is waited for at most this many times as long. */
const restTries = 10;

/**
 * Tracks what the server does in real time, whatever its clock shows: bytes on sockets, and requests to endpoints. The clock is
 * moved only after that has finished.
 */
export class Activity {
  readonly #real: RealTime;
  readonly #patienceMs: Millis;
  readonly #watching = new Set<() => void>();
  /** When each request in progress started, in real time. */
  readonly #underWay = new Map<object, Millis>();
  #count = 0;

  /** A request that takes longer than `patienceMs` of real time is no longer waited for, because its receiver may never respond. */
  constructor(real: RealTime, patienceMs: Millis) {
    this.#real = real;
    this.#patienceMs = patienceMs;
  }

  /** Notes activity. */
  note(): void {
    this.#count += 1;
    for (const notify of this.#watching) notify();
  }

  /** Counts a request as in progress until it is settled. */
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

  /**
   * Resolves when nothing is in transit: no bytes on loopback, and no request that may still finish. The result is how long it waited
   * for requests, in real time.
   */
  async settled(): Promise<Millis> {
    let waitedMs = 0;
    for (;;) {
      await this.#quiet();
      const patienceMs = this.#patienceLeft();
      if (patienceMs === undefined) return waitedMs;
      const startedAt = this.#real.now();
      await this.changed(patienceMs);
      waitedMs += this.#real.now() - startedAt;
    }
  }

  /** Whether there is activity within this real time. Resolves as soon as there is. */
  changed(withinMs: Millis): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (hasChanged: boolean): void => {
        this.#watching.delete(notify);
        cancel();
        resolve(hasChanged);
      };
      const notify = (): void => end(true);
      const cancel = this.#real.after(withinMs, () => end(false));
      this.#watching.add(notify);
    });
  }

  /** Resolves after this much real time without activity, or after a few times as much. The result is that of `settled`. */
  async restedFor(ms: Millis): Promise<Millis> {
    let waitedMs = 0;
    for (let tries = 0; tries < restTries && (await this.changed(ms)); tries += 1) {
      waitedMs += await this.settled();
    }
    return waitedMs;
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

  /** How long the request that started last may still take; undefined if no request may still finish. */
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
