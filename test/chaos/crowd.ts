import { setTimeout as pause } from 'node:timers/promises';
import { Client, type World } from './client.ts';
import type { PlannedStorm } from './plan.ts';
import type { Random } from './random.ts';

/** How often a client looks after what it has, once nobody acts any more. */
const keepEveryMs = 250;

/** All clients. They act until told to keep what they have, and keep it until told to leave. */
export class Crowd {
  readonly clients: readonly Client[];
  readonly #random: Random;
  #mode: 'acting' | 'keeping' | 'leaving' = 'acting';
  #timers = new Set<NodeJS.Timeout>();

  /** Every user has about four clients. */
  constructor(size: number, random: Random, world: World) {
    const users = Math.ceil(size / 4);
    this.#random = random.fork();
    this.clients = Array.from(
      { length: size },
      (_, index) => new Client(`client-${index + 1}`, `user-${(index % users) + 1}`, random.fork(), world),
    );
  }

  /** Everybody begins to act, within a second. */
  start(): void {
    for (const client of this.clients) this.#later(this.#random.below(1000), () => this.#turn(client));
  }

  /** Many lose their connections at once, and come back. */
  storm({ share, returnWithinMs }: PlannedStorm): void {
    for (const client of this.clients) {
      const isHit = this.#random.next() < share;
      const awayMs = this.#random.below(returnWithinMs);
      if (isHit) client.goAway(false, awayMs);
    }
  }

  /** Everybody acts again. */
  act(): void {
    this.#mode = 'acting';
  }

  /** From now on everybody keeps what there is, and comes back to something when a connection is lost. */
  keep(): void {
    this.#mode = 'keeping';
  }

  /** Everybody is connected, and nothing is left to be answered. */
  get isSettled(): boolean {
    return this.clients.every(({ isSettled }) => isSettled);
  }

  /** Everybody leaves for good, every other one without a word. */
  async leave(): Promise<void> {
    this.#mode = 'leaving';
    for (const [index, client] of this.clients.entries()) {
      client.goAway(index % 2 === 0, 0);
      if (index % 20 === 0) await pause(20);
    }
  }

  /** Ends all that is still going on. */
  stop(): void {
    this.#mode = 'leaving';
    for (const timer of this.#timers) clearTimeout(timer);
    for (const client of this.clients) client.goAway(false, 0);
  }

  #turn(client: Client): void {
    if (this.#mode === 'leaving') return;
    let pauseMs = keepEveryMs;
    if (this.#mode === 'acting') pauseMs = client.act();
    else client.keep();
    this.#later(pauseMs, () => this.#turn(client));
  }

  #later(delayMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delayMs);
    this.#timers.add(timer);
  }
}
