import { setTimeout as pause } from 'node:timers/promises';
import { callApi } from './api.ts';
import { CachedEvents, noEvent } from './cached-events.ts';
import type { World } from './client.ts';
import type { Random } from './random.ts';
import { isCache } from './settings.ts';

/** A request without an answer may still take effect on a node that was frozen: for at most so long. */
export const frozenDoubtMs = 20_000;

/** What a publisher is told, and tells. */
export interface PublisherOptions {
  /** How long after its failure a request may still take effect. */
  readonly doubtMs: number;
  /** An event was answered with 200. */
  readonly onAnswered?: () => void;
}

/** A backend: publishes on random nodes, and knows which event each cache channel may hold. */
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

  /** Publishes about ten events a second until stopped, every other one on a cache channel. */
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
      // One at a time on each channel: otherwise nobody could say which is the last.
      if (node === undefined || this.#isHeld || this.#publishing.has(channel)) continue;
      const done = this.#publish(node, channel).finally(() => this.#publishing.delete(channel));
      this.#publishing.set(channel, done);
    }
    await Promise.all(this.#publishing.values());
  }

  /** Has nothing published while this runs, and nothing be under way. */
  async silently(run: () => Promise<void>): Promise<void> {
    this.#isHeld = true;
    await Promise.all(this.#publishing.values());
    await run();
    this.#isHeld = false;
  }

  stop(): void {
    this.#isStopping = true;
  }

  /** All data was lost: every cache may be empty now. */
  dataLost(): void {
    for (const cached of this.#cached.values()) cached.failed(noEvent);
  }

  /** What this node has answered since this moment may be lost: what was certain before may be so again. */
  mayLoseSince(atMs: number, node: string): void {
    for (const cached of this.#cached.values()) cached.mayLoseSince(atMs, node);
  }

  /** The data of the events that a new subscriber of the channel may get; `noEvent` among them for none. */
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
      this.#world.journal.count('publishes that failed');
      this.#world.journal.note(channel, `${data} may not be published on ${node.name}: ${String(error)}`);
      cached?.failed(data);
    }
  }
}
