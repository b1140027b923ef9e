import type { Millis } from '../../../ports/clock.ts';

/** The state of a node's connection to Redis, over all partitions. */
export interface HealthReading {
  /** How many partitions cannot be reached. */
  readonly unreachable: number;
  /** Whether some partition has no memory for anything new. */
  readonly isFull: boolean;
}

/** A change that is logged. Durations are those of the state that has ended. */
export type HealthChange =
  | { readonly kind: 'lost'; readonly partitions: number }
  | { readonly kind: 'back'; readonly afterMs: Millis }
  | { readonly kind: 'full' }
  | { readonly kind: 'room'; readonly afterMs: Millis }
  | { readonly kind: 'emptied' };

/**
 * Combines what the partitions find out one by one: that Redis is lost or back, is full or has memory again, and has lost data. Each
 * change is reported once for the node.
 */
export class LinkHealth {
  /** Within this time, further losses of data that other partitions find count as the same loss. */
  readonly #sameLossMs: Millis;
  #lostAt: Millis | undefined;
  #fullAt: Millis | undefined;
  #dataLostAt: Millis = -Infinity;

  constructor(sameLossMs: Millis) {
    this.#sameLossMs = sameLossMs;
  }

  /** Whether Redis was lost and is not back, as of the last reading. */
  get isLost(): boolean {
    return this.#lostAt !== undefined;
  }

  /** Returns the changes since the last reading. While Redis is lost, it is unknown whether it is full. */
  observe({ unreachable, isFull }: HealthReading, at: Millis): readonly HealthChange[] {
    const changes: HealthChange[] = [];
    if (unreachable > 0) {
      if (this.#lostAt !== undefined) return changes;
      this.#lostAt = at;
      // A loss of data that is found after an outage is a new one.
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

  /** A partition has found that it lacks data that it had. */
  dataLost(at: Millis): readonly HealthChange[] {
    const isSame = at - this.#dataLostAt < this.#sameLossMs;
    this.#dataLostAt = at;
    return isSame ? [] : [{ kind: 'emptied' }];
  }
}
