import { setTimeout as pause } from 'node:timers/promises';
import { callApi } from './api.ts';
import { CachedEvents, noEvent } from './cached-events.ts';
import type { World } from './client.ts';
import type { Random } from './random.ts';
import { isCache } from './settings.ts';

/** How long a request without an answer may still take effect on a frozen node. */
export const frozenDoubtMs = 20_000;

/** The dependencies and callbacks of a publisher. */
export interface PublisherOptions {
  /** How long a failed request may still take effect. */
  readonly doubtMs: number;
  /** Called when an event was answered with 200. */
  readonly onAnswered?: () => void;
}

/** A backend that publishes on random nodes, and knows which event each cache channel may hold. */
export class Publisher {
  readonly #world: World;
  readonly #random: Random;
  readonly #options: PublisherOptions;
  readonly #cached = new Map<string, CachedEvents>();
  readonly #publishing = new Map<string, Promise<void>>();
  #isStopping = false;
  #isHeld = false;
  #published = 0;

  constructor(random: Random, world: World, options: PublisherOptions = { doubtMs: frozenDoubtMs }) {
    this.#random = random;
    this.#options = options;
    this.#world = world;
    for (const channel of world.channels.filter(isCache)) {
      this.#cached.set(channel, new CachedEvents(options.doubtMs));
    }
  }

  /** Publishes about ten events per second until stopped, half of them on cache channels. */
  async run(): Promise<void> {
    this.#isStopping = false;
    const random = this.#random;
    const { channels } = this.#world;
    const caches = channels.filter(isCache);
    while (!this.#isStopping) {
      const channel = random.pick(random.next() < 0.5 ? caches : channels);
      const draw = random.next();
      await pause(random.between(20, 180));
      const nodes = this.#world.live();
      const node = nodes[Math.floor(draw * nodes.length)];
      // One request at a time per channel. Otherwise the last event would be unknown.
      if (node === undefined || this.#isHeld || this.#publishing.has(channel)) continue;
      const done = this.#publish(node, channel).finally(() => this.#publishing.delete(channel));
      this.#publishing.set(channel, done);
    }
    await Promise.all(this.#publishing.values());
  }

  /** Pauses publishing, with no request under way, while the function runs. */
  async silently(run: () => Promise<void>): Promise<void> {
    this.#isHeld = true;
    await Promise.all(this.#publishing.values());
    await run();
    this.#isHeld = false;
  }

  stop(): void {
    this.#isStopping = true;
  }

  /** Records that all data was lost, so that every cache may be empty. */
  dataLost(): void {
    for (const cached of this.#cached.values()) cached.failed(noEvent);
  }

  /** Records that this node may have lost what it answered since this moment. */
  mayLoseSince(atMs: number, node: string): void {
    for (const cached of this.#cached.values()) cached.mayLoseSince(atMs, node);
  }

  /** The data of the events that a new subscriber of the channel may receive, with `noEvent` for none. */
  acceptable(channel: string): readonly string[] {
    return this.#cached.get(channel)?.acceptable ?? [noEvent];
  }

  async #publish(node: { readonly url: string; readonly name: string }, channel: string): Promise<void> {
    this.#published += 1;
    const data = `event ${this.#published}`;
    const startedAt = Date.now();
    const cached = this.#cached.get(channel);
    try {
      await callApi(node, '/events', JSON.stringify({ name: 'news', channels: [channel], data }));
      this.#world.journal.count('action: publish');
      this.#world.journal.note(channel, `${data} was published on ${node.name}`);
      cached?.answered(data, startedAt, node.name);
      this.#options.onAnswered?.();
    } catch (error) {
      this.#world.journal.count('failed publishes');
      this.#world.journal.note(
        channel,
        `${data} may have failed to be published on ${node.name}: ${String(error)}`,
      );
      cached?.failed(data);
    }
  }
}
