import type { CachedEvent } from '../ports/channel-caches.ts';
import type { Millis } from '../ports/clock.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { DueHeap } from '../structures/due-heap.ts';

interface Entry {
  readonly appId: string;
  readonly channel: ChannelName;
  event: CachedEvent;
  expiresAt: Millis;
}

/** The last published event of each cache channel. Each new event restarts its lifetime. */
export class CachedEvents {
  readonly #apps = new Map<string, Map<ChannelName, Entry>>();
  /** Each entry once, at a time not later than its expiry. */
  readonly #due = new DueHeap<Entry>();
  readonly #ttlMs: Millis;
  readonly #gone: (appId: string, channel: ChannelName) => void;

  /** `gone` is called when an event expires or is removed, but not when another event replaces it. */
  constructor(ttlMs: Millis, gone: (appId: string, channel: ChannelName) => void = () => {}) {
    this.#ttlMs = ttlMs;
    this.#gone = gone;
  }

  /** When to call `sweep` next; undefined while nothing is kept. */
  get nextDueAt(): Millis | undefined {
    return this.#due.nextDueAt;
  }

  /** Keeps the event, replacing an earlier one of the channel. */
  keep(appId: string, channel: ChannelName, event: CachedEvent, at: Millis): void {
    this.restore(appId, channel, event, at + this.#ttlMs);
  }

  /** The same, until a time that was set before. */
  restore(appId: string, channel: ChannelName, event: CachedEvent, expiresAt: Millis): void {
    let channels = this.#apps.get(appId);
    if (channels === undefined) {
      channels = new Map();
      this.#apps.set(appId, channels);
    }
    const known = channels.get(channel);
    if (known === undefined) {
      const entry = { appId, channel, event, expiresAt };
      channels.set(channel, entry);
      this.#due.add(expiresAt, entry);
    } else {
      known.event = event;
      known.expiresAt = expiresAt;
    }
  }

  /** The event and its remaining lifetime. */
  read(
    appId: string,
    channel: ChannelName,
    at: Millis,
  ): { event: CachedEvent; remainingMs: Millis } | undefined {
    const entry = this.#apps.get(appId)?.get(channel);
    if (entry === undefined) return undefined;
    const remainingMs = entry.expiresAt - at;
    return remainingMs > 0 ? { event: entry.event, remainingMs } : undefined;
  }

  /** Removes all events of an app. */
  forget(appId: string): void {
    for (const channel of this.#apps.get(appId)?.keys() ?? []) this.#gone(appId, channel);
    this.#apps.delete(appId);
  }

  /** Removes expired events. */
  sweep(at: Millis): void {
    for (let entry = this.#due.takeDue(at); entry !== undefined; entry = this.#due.takeDue(at)) {
      const channels = this.#apps.get(entry.appId);
      if (channels?.get(entry.channel) !== entry) continue;
      if (entry.expiresAt > at) this.#due.add(entry.expiresAt, entry);
      else {
        channels.delete(entry.channel);
        this.#gone(entry.appId, entry.channel);
      }
    }
  }
}
