import { setImmediate } from '../system/real.ts';
import type { TemplatedApp } from 'uWebSockets.js';
import type { Cancel, Clock } from '../ports/clock.ts';
import type { PublishTopic } from '../ports/socket.ts';
import { nativeText } from './native-text.ts';

/** One native app, and the clients that connected while its certificate was in use. */
export class Generation {
  readonly native: TemplatedApp;
  sockets = 0;
  /** Whether new clients connect to another app. */
  isRetired = false;
  cancelClose: Cancel | undefined;

  constructor(native: TemplatedApp) {
    this.native = native;
  }
}

/** How long a retired app still answers requests after its last socket has closed. Idle connections end after 10 s. */
const lingerMs = 30_000;

/**
 * The native apps: the current one, and earlier ones that still have clients. Each app has topics of its own, so everything is
 * published to each of them. With a single app, this costs as much as that app's own publish.
 */
export class Generations {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #minCompressedLength: number;
  #current: Generation | undefined;
  /** Earlier apps that have sockets. */
  #retired: readonly Generation[] = [];
  /** The apps that must be closed in the end. Some have no sockets but still have requests. */
  readonly #open = new Set<Generation>();

  constructor(clock: Pick<Clock, 'after'>, minCompressedLength: number) {
    this.#clock = clock;
    this.#minCompressedLength = minCompressedLength;
  }

  /** The app to which new clients connect. */
  get current(): Generation | undefined {
    return this.#current;
  }

  /** From now on, new clients connect to this app. */
  succeed(next: Generation): void {
    const previous = this.#current;
    this.#current = next;
    this.#open.add(next);
    if (previous === undefined) return;
    previous.isRetired = true;
    this.#retired = [...this.#retired, previous];
    this.#forgetIfEmpty(previous);
  }

  /** Publishes to every socket that is subscribed to the topic. Without an app, there is none. */
  readonly publishNow: PublishTopic = (topic, frame) => {
    if (this.#current !== undefined) this.#publishTo(this.#current, topic, frame);
    if (this.#retired.length > 0) for (const one of this.#retired) this.#publishTo(one, topic, frame);
  };

  /** Publishes to the sockets of all apps except one. */
  publishElsewhereNow(from: Generation, topic: string, frame: string): void {
    if (this.#retired.length === 0) return;
    for (const one of [this.#current, ...this.#retired]) {
      if (one !== undefined && one !== from) this.#publishTo(one, topic, frame);
    }
  }

  /** A client has connected. A retired app can still get one, from a connection made before it retired. */
  opened(generation: Generation): void {
    generation.sockets += 1;
    if (!generation.isRetired || this.#retired.includes(generation)) return;
    generation.cancelClose?.();
    this.#retired = [...this.#retired, generation];
  }

  closed(generation: Generation): void {
    generation.sockets -= 1;
    if (generation.isRetired) this.#forgetIfEmpty(generation);
  }

  /** Closes every connection. */
  close(): void {
    for (const generation of Array.from(this.#open)) this.#close(generation);
  }

  #publishTo({ native }: Generation, topic: string, frame: string): void {
    native.publish(nativeText(topic), nativeText(frame), false, frame.length >= this.#minCompressedLength);
  }

  #forgetIfEmpty(generation: Generation): void {
    if (generation.sockets > 0 || !this.#open.has(generation)) return;
    this.#retired = this.#retired.filter((other) => other !== generation);
    generation.cancelClose = this.#clock.after(lingerMs, () => this.#close(generation));
  }

  #close(generation: Generation): void {
    generation.cancelClose?.();
    if (!this.#open.delete(generation)) return;
    generation.native.close();
    // Connections that the acceptor accepted in this turn are passed on in the next one.
    setImmediate(() => setImmediate(() => generation.native.close()));
  }
}
