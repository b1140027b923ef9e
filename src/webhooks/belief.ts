import type { Debt } from './debts.ts';
import type { QueuedEvent } from './lane.ts';
import { isStateEvent, itself, readSubject, type LastSent } from './last-sent.ts';

/** What an endpoint has been sent of one channel, as far as it is known. */
export interface SentOfChannel {
  /** What the endpoint has missed; undefined if it has got everything that does not wait. */
  readonly debt: Debt | undefined;
  /** Whether the endpoint may have missed something even though there is no record of a debt. */
  readonly isUnsure: boolean;
  /** The events of the channel that wait for the endpoint, in order. */
  readonly waiting: readonly QueuedEvent[];
}

/** What an endpoint believes about a subject. `undefined` means unknown. */
export interface Belief {
  readonly believed: boolean | undefined;
  /** What it will believe after it has received the waiting events. */
  readonly expected: boolean | undefined;
  /** The first waiting event that changes what it believes. */
  readonly first: QueuedEvent | undefined;
  readonly sent: LastSent | undefined;
}

interface Step {
  readonly queued: QueuedEvent;
  readonly isThere: boolean;
}

/**
 * What an endpoint believes about a channel and its members if it replays the events it has received (`replay.ts`). Events of
 * a subject alternate, so the first waiting event states the opposite of what the endpoint believes.
 */
export class Beliefs {
  readonly #channel: SentOfChannel;
  /** Waiting events, by subject. */
  readonly #waiting = new Map<string, Step[]>();
  /** The last waiting event that reports the channel as vacated. */
  readonly #vacated: QueuedEvent | undefined;

  constructor(channel: SentOfChannel) {
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

  /** The subjects with a debt or with waiting events; the empty name stands for the channel itself. */
  get subjects(): Iterable<string> {
    return new Set([...(this.#channel.debt?.sent.keys() ?? []), ...this.#waiting.keys()]);
  }

  /** What the endpoint believes about a subject. `isAnnounced` is what webhooks have reported of it. */
  of(subject: string, isAnnounced: boolean): Belief {
    const steps = this.#waiting.get(subject) ?? [];
    const sent = this.#channel.debt?.sent.get(subject);
    const believed = this.#believed(subject, steps[0], isAnnounced);
    const last = steps.at(-1);
    const vacated = subject === itself ? undefined : this.#vacated;
    if (vacated !== undefined && vacated.seq > (last?.queued.seq ?? -1)) {
      return { believed, expected: false, first: steps[0]?.queued ?? vacated, sent };
    }
    return {
      believed,
      expected: last === undefined ? believed : last.isThere,
      first: steps[0]?.queued,
      sent,
    };
  }

  #believed(subject: string, first: Step | undefined, isAnnounced: boolean): boolean | undefined {
    const { debt, isUnsure } = this.#channel;
    const sent = debt?.sent.get(subject);
    if (debt !== undefined && sent !== undefined) {
      if (first !== undefined && first.queued.seq < sent.seq) return !first.isThere;
      return subject !== itself && debt.vacatedSeq > sent.seq ? false : sent.isThere;
    }
    if (debt === undefined ? isUnsure : debt.isUncertain) return undefined;
    return first === undefined ? isAnnounced : !first.isThere;
  }
}
