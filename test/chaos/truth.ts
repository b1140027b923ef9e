import { isPresence } from './settings.ts';

/** What is true, or believed to be: occupied channels, and `CHANNEL USER` of every member. */
export interface Belief {
  readonly occupied: ReadonlySet<string>;
  readonly members: ReadonlySet<string>;
}

/** How a member is written in a belief. */
export function memberKey(channel: string, userId: string): string {
  return `${channel} ${userId}`;
}

/** The channel of a subject of a belief, be it a channel or a member. */
export function channelOf(subject: string): string {
  return subject.split(' ')[0] ?? subject;
}

/** What the clients hold: the subscriptions that the server has confirmed on connections that are open. */
export class Truth {
  readonly #holders = new Map<string, number>();
  readonly #lastLeftAt = new Map<string, number>();
  #changedAt = Date.now();

  /** A subscription of this user's client was confirmed. */
  join(channel: string, userId: string): void {
    for (const subject of subjectsOf(channel, userId)) {
      this.#holders.set(subject, (this.#holders.get(subject) ?? 0) + 1);
    }
    this.#changedAt = Date.now();
  }

  /** It has ended, by whichever side. */
  leave(channel: string, userId: string): void {
    this.#changedAt = Date.now();
    for (const subject of subjectsOf(channel, userId)) {
      const left = (this.#holders.get(subject) ?? 0) - 1;
      if (left > 0) {
        this.#holders.set(subject, left);
      } else {
        this.#holders.delete(subject);
        this.#lastLeftAt.set(subject, this.#changedAt);
      }
    }
  }

  /** When something last changed. */
  get changedAt(): number {
    return this.#changedAt;
  }

  /** When the last holder of a channel, or the last connection of a member, has left. */
  lastLeftAt(subject: string): number {
    return this.#lastLeftAt.get(subject) ?? -Infinity;
  }

  /** What is true of the channels with this prefix. */
  belief(prefix = ''): Belief {
    const subjects = [...this.#holders.keys()].filter((subject) => subject.startsWith(prefix));
    return {
      occupied: new Set(subjects.filter((subject) => !subject.includes(' '))),
      members: new Set(subjects.filter((subject) => subject.includes(' '))),
    };
  }

  /** The users who are on a presence channel. */
  usersOf(channel: string): Set<string> {
    const prefix = memberKey(channel, '');
    const members = [...this.#holders.keys()].filter((subject) => subject.startsWith(prefix));
    return new Set(members.map((subject) => subject.slice(prefix.length)));
  }
}

function subjectsOf(channel: string, userId: string): string[] {
  return isPresence(channel) ? [channel, memberKey(channel, userId)] : [channel];
}
