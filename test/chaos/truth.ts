import { memberKey } from '../support/webhook-state.ts';
import { isPresence } from './settings.ts';

/** What is true or believed: occupied channels, and `CHANNEL USER` for every member. */
export interface Belief {
  readonly occupied: ReadonlySet<string>;
  readonly members: ReadonlySet<string>;
}

/** A span of time. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/** What the clients hold: the subscriptions that the server has confirmed on open connections. */
export class Truth {
  readonly #holders = new Map<string, number>();
  /** When each subject was present. */
  readonly #spans = new Map<string, { readonly from: number; to: number }[]>();
  #changedAt = Date.now();

  /** Records that a subscription of this user's client was confirmed. */
  join(channel: string, userId: string): void {
    this.#changedAt = Date.now();
    for (const subject of subjectsOf(channel, userId)) {
      const holders = (this.#holders.get(subject) ?? 0) + 1;
      this.#holders.set(subject, holders);
      if (holders > 1) continue;
      const spans = this.#spans.get(subject) ?? [];
      spans.push({ from: this.#changedAt, to: Infinity });
      this.#spans.set(subject, spans);
    }
  }

  /** Records that a subscription has ended, whichever side ended it. */
  leave(channel: string, userId: string): void {
    this.#changedAt = Date.now();
    for (const subject of subjectsOf(channel, userId)) {
      const left = (this.#holders.get(subject) ?? 0) - 1;
      if (left > 0) {
        this.#holders.set(subject, left);
        continue;
      }
      this.#holders.delete(subject);
      const span = this.#spans.get(subject)?.at(-1);
      if (span !== undefined) span.to = this.#changedAt;
    }
  }

  /** When something last changed. */
  get changedAt(): number {
    return this.#changedAt;
  }

  /** Whether a channel had no subscriber, or a member no connection, at some moment of this span. */
  wasAbsent(subject: string, { from, to }: Period): boolean {
    return !(this.#spans.get(subject) ?? []).some((span) => span.from <= from && span.to >= to);
  }

  /** The truth about the channels with this prefix. */
  belief(prefix = ''): Belief {
    const subjects = [...this.#holders.keys()].filter((subject) => subject.startsWith(prefix));
    return {
      occupied: new Set(subjects.filter((subject) => !subject.includes(' '))),
      members: new Set(subjects.filter((subject) => subject.includes(' '))),
    };
  }

  /** The users who are subscribed to a presence channel. */
  usersOf(channel: string): Set<string> {
    const prefix = memberKey(channel, '');
    const members = [...this.#holders.keys()].filter((subject) => subject.startsWith(prefix));
    return new Set(members.map((subject) => subject.slice(prefix.length)));
  }
}

function subjectsOf(channel: string, userId: string): string[] {
  return isPresence(channel) ? [channel, memberKey(channel, userId)] : [channel];
}
