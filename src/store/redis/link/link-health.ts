import type { Millis } from '../../../ports/clock.ts';

/** How a node stands with Redis at one moment, over all partitions. */
export interface StandingReading {
  /** Partitions that cannot be reached. */
  readonly unreachable: number;
  /** Whether some partition has no memory for anything new. */
  readonly isFull: boolean;
}

/** A change worth a line. Durations are of the state that has ended. */
export type StandingChange =
  | { readonly kind: 'lost'; readonly partitions: number }
  | { readonly kind: 'back'; readonly afterMs: Millis }
  | { readonly kind: 'full' }
  | { readonly kind: 'room'; readonly afterMs: Millis }
  | { readonly kind: 'emptied' };

/**
 * What the partitions find out one by one, said once for the node: that Redis is lost and back, full and has room
 * again, and that it has lost data.
 */
export class LinkHealth {
  /** For how long a further loss of data, found by another partition, is the same. */
  readonly #sameLossMs: Millis;
  #lostAt: Millis | undefined;
  #fullAt: Millis | undefined;
  #dataLostAt: Millis = -Infinity;

  constructor(sameLossMs: Millis) {
    this.#sameLossMs = sameLossMs;
  }

  /** Whether Redis was lost and is not back, as far as was observed. */
  get isLost(): boolean {
    return this.#lostAt !== undefined;
  }

  /** What has changed with this reading. While Redis is lost, nobody knows whether it is full. */
  observe({ unreachable, isFull }: StandingReading, at: Millis): readonly StandingChange[] {
    const changes: StandingChange[] = [];
    if (unreachable > 0) {
      if (this.#lostAt !== undefined) return changes;
      this.#lostAt = at;
      // What is found lacking after an outage is another loss.
      this.#dataLostAt = -Infinity;
      return [{ kind: 'lost', partitions: unreachable }];
    }
    if (this.#lostAt !== undefined) changes.push({ kind: 'back', afterMs: at - this.#lostAt });
    this.#lostAt = undefined;
    if (isFull && this.#fullAt === undefined) {
      this.#fullAt = at;
      changes.push({ kind: 'full' });
    } else if (!isFull && this.#fullAt !== undefined) {
      changes.push({ kind: 'room', afterMs: at - this.#fullAt });
      this.#fullAt = undefined;
    }
    return changes;
  }

  /** A partition has found that it lacks what it was known to have. */
  dataLost(at: Millis): readonly StandingChange[] {
    const isSame = at - this.#dataLostAt < this.#sameLossMs;
    this.#dataLostAt = at;
    return isSame ? [] : [{ kind: 'emptied' }];
  }
}
