import type { ReceivedEvent } from './received.ts';

/**
 * The state reported by the received webhooks. Names are sorted.
 *
 * @since 0.1.0
 */
export interface ReceiverState {
  /** The channels that have a subscriber. */
  readonly occupied: readonly string[];
  /** The user ids of each presence channel that has members. */
  readonly members: Readonly<Record<string, readonly string[]>>;
  /** The latest count of each channel for which `subscription_count` was received. */
  readonly subscriptionCounts: Readonly<Record<string, number>>;
  /**
   * Events that contradict earlier ones, one sentence each. There are none, unless events were dropped or the endpoint did not
   * receive everything from the beginning.
   */
  readonly contradictions: readonly string[];
}

/** How many contradictions are kept: enough to see what is going on. */
const maxContradictions = 1000;

/** Replays webhooks like a backend that trusts them: each event changes its state. */
export class Replay {
  readonly #occupied = new Set<string>();
  readonly #members = new Map<string, Set<string>>();
  readonly #counts = new Map<string, number>();
  readonly #contradictions: string[] = [];

  /** Applies the next event, in the order received. */
  apply(event: ReceivedEvent): void {
    const { channel } = event;
    switch (event.name) {
      case 'channel_occupied':
        if (this.#occupied.has(channel)) this.#contradict(`${channel} was occupied, but it already was`);
        this.#occupied.add(channel);
        return;
      case 'channel_vacated':
        return this.#vacate(channel);
      case 'member_added':
        return this.#add(channel, event.user_id);
      case 'member_removed':
        return this.#remove(channel, event.user_id);
      case 'subscription_count':
        this.#counts.set(channel, event.subscription_count);
        return;
      case 'client_event':
      case 'cache_miss':
        return;
    }
  }

  /** The state after all events so far. Later events do not change the returned object. */
  state(): ReceiverState {
    const channels = [...this.#members].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return {
      occupied: [...this.#occupied].toSorted(),
      members: Object.fromEntries(channels.map(([channel, users]) => [channel, [...users].toSorted()])),
      subscriptionCounts: Object.fromEntries([...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      contradictions: [...this.#contradictions],
    };
  }

  #vacate(channel: string): void {
    const members = this.#members.get(channel);
    if (members !== undefined) {
      // The channel is empty now, whatever happened to the events that should have reported it.
      this.#contradict(`${channel} was vacated, but ${[...members].join(', ')} had not been removed`);
      this.#members.delete(channel);
    }
    if (!this.#occupied.delete(channel)) this.#contradict(`${channel} was vacated, but it was not occupied`);
    this.#counts.delete(channel);
  }

  #add(channel: string, userId: string): void {
    const members = this.#members.get(channel) ?? new Set();
    if (members.has(userId)) this.#contradict(`${userId} was added to ${channel}, but already was a member`);
    this.#members.set(channel, members.add(userId));
  }

  #remove(channel: string, userId: string): void {
    const members = this.#members.get(channel);
    if (members?.delete(userId) !== true) {
      this.#contradict(`${userId} was removed from ${channel}, but was not a member`);
    }
    if (members?.size === 0) this.#members.delete(channel);
  }

  #contradict(sentence: string): void {
    if (this.#contradictions.length < maxContradictions) this.#contradictions.push(sentence);
  }
}
