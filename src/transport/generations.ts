import { setImmediate } from '../real.ts';
import type { TemplatedApp } from 'uWebSockets.js';
import type { Cancel, Clock } from '../ports/clock.ts';
import type { PublishTopic } from '../ports/socket.ts';

/** One native app, and those who connected while its certificate was the current one. */
export class Generation {
  readonly native: TemplatedApp;
  sockets = 0;
  /** Nobody connects to it any more. */
  isRetired = false;
  cancelClose: Cancel | undefined;

  constructor(native: TemplatedApp) {
    this.native = native;
  }
}

/** For so long after its last socket a retired app answers what was asked of it; connections idle for 10 s end. */
const lingerMs = 30_000;

/**
 * The native apps: the current one, and those before it that still have clients. Topics are an app's own, so
 * that what is published goes to each. With one app alone it costs what that app's publish costs.
 */
export class Generations {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #minCompressedLength: number;
  #current: Generation | undefined;
  /** Those that have sockets. */
  #retired: readonly Generation[] = [];
  /** Those that are to be closed in the end: some have no sockets any more, but requests. */
  readonly #open = new Set<Generation>();

  constructor(clock: Pick<Clock, 'after'>, minCompressedLength: number) {
    this.#clock = clock;
    this.#minCompressedLength = minCompressedLength;
  }

  /** The app to which new clients connect. */
  get current(): Generation | undefined {
    return this.#current;
  }

  /** New clients connect to this one from now on. */
  succeed(next: Generation): void {
    const previous = this.#current;
    this.#current = next;
    this.#open.add(next);
    if (previous === undefined) return;
    previous.isRetired = true;
    this.#retired = [...this.#retired, previous];
    this.#forgetIfEmpty(previous);
  }

  /** Publishes to every socket that receives the topic; before there is an app there is none. */
  readonly publishNow: PublishTopic = (topic, frame) => {
    if (this.#current !== undefined) this.#publishTo(this.#current, topic, frame);
    if (this.#retired.length > 0) for (const one of this.#retired) this.#publishTo(one, topic, frame);
  };

  /** Publishes to the sockets of all apps but one. */
  publishElsewhereNow(from: Generation, topic: string, frame: string): void {
    if (this.#retired.length === 0) return;
    for (const one of [this.#current, ...this.#retired]) {
      if (one !== undefined && one !== from) this.#publishTo(one, topic, frame);
    }
  }

  /** A client has come; also to a retired app, by a connection that was made before it retired. */
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

  /** Cuts every connection. */
  close(): void {
    for (const generation of Array.from(this.#open)) this.#close(generation);
  }

  #publishTo({ native }: Generation, topic: string, frame: string): void {
    native.publish(topic, frame, false, frame.length >= this.#minCompressedLength);
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
    // What an acceptor has accepted in this turn is handed over in the next one.
    setImmediate(() => setImmediate(() => generation.native.close()));
  }
}
