import type { Debt } from './debts.ts';
import type { QueuedEvent } from './lane.ts';
import { isStateEvent, itself, readSubject, type Told } from './told.ts';

/** What is known of one channel and what an endpoint was told of it. */
export interface ChannelTold {
  /** What it was not told; undefined: all was told that does not wait. */
  readonly debt: Debt | undefined;
  /** Without a debt it is not known either. */
  readonly isUnsure: boolean;
  /** What waits for the endpoint of the channel, in order. */
  readonly waiting: readonly QueuedEvent[];
}

/** What an endpoint believes of a subject. `undefined` where nobody can tell. */
export interface Belief {
  readonly believed: boolean | undefined;
  /** What it will believe once it has got what waits. */
  readonly expected: boolean | undefined;
  /** The first event that waits and changes what it believes. */
  readonly first: QueuedEvent | undefined;
  readonly told: Told | undefined;
}

interface Step {
  readonly queued: QueuedEvent;
  readonly isThere: boolean;
}

/**
 * What an endpoint believes of a channel and its members, if it replays what it has taken (`replay.ts`). Events of a
 * subject take turns: what waits says the opposite of what it believes.
 */
export class Beliefs {
  readonly #channel: ChannelTold;
  /** What waits, by subject. */
  readonly #waiting = new Map<string, Step[]>();
  /** The last event that waits by which everybody is gone. */
  readonly #vacated: QueuedEvent | undefined;

  constructor(channel: ChannelTold) {
    this.#channel = channel;
    for (const queued of channel.waiting) {
      const { event } = queued;
      if (!isStateEvent(event)) continue;
      const { subject, isThere } = readSubject(event);
      const steps = this.#waiting.get(subject) ?? [];
      steps.push({ queued, isThere });
      this.#waiting.set(subject, steps);
      if (event.name === 'channel_vacated') this.#vacated = queued;
    }
  }

  /** Of whom there is a debt, or something waits; the channel itself under the empty name. */
  get subjects(): Iterable<string> {
    return new Set([...(this.#channel.debt?.told.keys() ?? []), ...this.#waiting.keys()]);
  }

  /** What it believes of a subject, of which webhooks have said this much. */
  of(subject: string, isAnnounced: boolean): Belief {
    const steps = this.#waiting.get(subject) ?? [];
    const told = this.#channel.debt?.told.get(subject);
    const believed = this.#believed(subject, steps[0], isAnnounced);
    const last = steps.at(-1);
    const vacated = subject === itself ? undefined : this.#vacated;
    if (vacated !== undefined && vacated.seq > (last?.queued.seq ?? -1)) {
      return { believed, expected: false, first: steps[0]?.queued ?? vacated, told };
    }
    return {
      believed,
      expected: last === undefined ? believed : last.isThere,
      first: steps[0]?.queued,
      told,
    };
  }

  #believed(subject: string, first: Step | undefined, isAnnounced: boolean): boolean | undefined {
    const { debt, isUnsure } = this.#channel;
    const told = debt?.told.get(subject);
    if (debt !== undefined && told !== undefined) {
      if (first !== undefined && first.queued.seq < told.seq) return !first.isThere;
      return subject !== itself && debt.vacatedSeq > told.seq ? false : told.isThere;
    }
    if (debt === undefined ? isUnsure : debt.isUncertain) return undefined;
    return first === undefined ? isAnnounced : !first.isThere;
  }
}
