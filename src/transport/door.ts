import type { TemplatedApp } from 'uWebSockets.js';
import type { Cancel, Clock, Millis } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { listen, type Listening, type Uws } from './uws.ts';

/** What a door is made with. */
export interface DoorOptions {
  readonly uws: Uws;
  readonly address: { readonly host: string; readonly port: number };
  /** What to say when the port cannot be had. */
  readonly hint?: string | undefined;
  /** With so many connections of the program nobody more is let in. */
  readonly mostConnections: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** It opens once this share of the most connections is free again: not for every single one. */
const roomToOpen = 1 / 16;

/** A port that could not be had again is tried so often. */
const retryMs: Millis = 1000;

/** Those who connect and leave all the time would fill the log: so often it is told that the door was closed. */
const tellEveryMs: Millis = 60_000;

/**
 * Where clients come in. While there are too many connections it does not listen: uWebSockets.js would try over and over to
 * accept what the system has no file for, and each file that becomes free would be a stranger's.
 */
export class Door {
  readonly #options: DoorOptions;
  readonly #port: number;
  #native: TemplatedApp;
  #listening: Listening | undefined;
  #connections = 0;
  #isStopped = false;
  #cancelOpening: Cancel | undefined;
  #toldAt: Millis = -Infinity;
  /** Whether it was told that it is closed. */
  #isTold = false;

  /** Listens. Throws ERR_LISTEN when the port cannot be had. */
  constructor(native: TemplatedApp, options: DoorOptions) {
    const { uws, address, hint, mostConnections } = options;
    this.#options = options;
    this.#native = native;
    this.#listening = listen(uws, native, address, hint);
    this.#port = this.#listening.port;
    if (address.port === 0 && mostConnections < Infinity) this.listenByNumber();
  }

  get port(): number {
    return this.#port;
  }

  /** Whether nobody is let in until others have left. */
  get isClosed(): boolean {
    return this.#listening === undefined && !this.#isStopped;
  }

  /**
   * Listens once more on the port that was free. While clients are connected to a port that was not asked for by
   * its number, nobody else can listen there (it has no SO_REUSEADDR): not even this program, once it has stopped.
   */
  listenByNumber(): void {
    this.#listening?.stop();
    this.#listening = this.#listen(this.#native);
  }

  /** Those who connect from now on do so to another app. Throws, and all stays as it is, when that cannot listen. */
  lead(next: TemplatedApp): void {
    const previous = this.#native;
    if (this.#listening !== undefined) {
      this.#listening.stop();
      try {
        this.#listening = this.#listen(next);
      } catch (error) {
        this.#listening = this.#listen(previous);
        throw error;
      }
    }
    this.#native = next;
  }

  /** There are now so many connections. */
  count(connections: number): void {
    this.#connections = connections;
    if (this.#listening !== undefined) {
      if (connections >= this.#options.mostConnections) this.#close();
    } else if (this.#hasRoom()) {
      // Not in the midst of the end of a connection.
      this.#openIn(0);
    }
  }

  /** Lets nobody in any more. Again, it does nothing. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelOpening?.();
    this.#listening?.stop();
    this.#listening = undefined;
  }

  #hasRoom(): boolean {
    return this.#connections <= this.#options.mostConnections * (1 - roomToOpen);
  }

  #listen(native: TemplatedApp): Listening {
    const { uws, address, hint } = this.#options;
    return listen(uws, native, { host: address.host, port: this.#port }, hint);
  }

  #close(): void {
    const { clock, log } = this.#options;
    this.#listening?.stop();
    this.#listening = undefined;
    this.#isTold = clock.now() - this.#toldAt >= tellEveryMs;
    if (!this.#isTold) return;
    this.#toldAt = clock.now();
    log.warn(
      { port: this.#port, connections: this.#connections },
      'no more clients are accepted until some have left: the other open files are kept for webhooks; raise the limit of open files (ulimit -n)',
    );
  }

  #openIn(delayMs: Millis): void {
    if (this.#isStopped || this.#cancelOpening !== undefined) return;
    this.#cancelOpening = this.#options.clock.after(delayMs, () => {
      this.#cancelOpening = undefined;
      if (this.#hasRoom()) this.#open();
    });
  }

  #open(): void {
    const { log } = this.#options;
    try {
      this.#listening = this.#listen(this.#native);
    } catch (error) {
      log.error({ port: this.#port, err: error }, 'clients cannot be accepted again yet');
      return this.#openIn(retryMs);
    }
    if (this.#isTold)
      log.info({ port: this.#port, connections: this.#connections }, 'clients are accepted again');
  }
}
