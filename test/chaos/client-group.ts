import { setTimeout as pause } from 'node:timers/promises';
import { Client, type World } from './client.ts';
import type { PlannedStorm } from './plan.ts';
import type { Random } from './random.ts';

/** How often a client checks its connection once it no longer acts. */
const keepEveryMs = 250;

/** All clients. They act until `settle`, and keep what they have until they leave. */
export class ClientGroup {
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

  /** Lets all clients begin to act, within a second. */
  start(): void {
    for (const client of this.clients) this.#later(this.#random.below(1000), () => this.#turn(client));
  }

  /** Disconnects many clients at once. They reconnect. */
  storm({ share, returnWithinMs }: PlannedStorm): void {
    for (const client of this.clients) {
      const isHit = this.#random.next() < share;
      const awayMs = this.#random.below(returnWithinMs);
      if (isHit) client.goAway(false, awayMs);
    }
  }

  /** Lets all clients act again. */
  act(): void {
    this.#mode = 'acting';
  }

  /** From now on clients only keep their subscriptions, and reconnect when a connection is lost. */
  keep(): void {
    this.#mode = 'keeping';
  }

  /** Whether every client is connected, and no answer is pending. */
  get isSettled(): boolean {
    return this.clients.every(({ isSettled }) => isSettled);
  }

  /** Disconnects all clients for good, half of them without a close frame. */
  async leave(): Promise<void> {
    this.#mode = 'leaving';
    for (const [index, client] of this.clients.entries()) {
      client.goAway(index % 2 === 0, 0);
      if (index % 20 === 0) await pause(20);
    }
  }

  /** Stops all timers. */
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
