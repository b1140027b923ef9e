import type { TemplatedApp } from 'uWebSockets.js';
import type { Cancel, Clock, Millis } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Entrance } from './entrance.ts';
import type { Address } from './uws.ts';

/** What a door is made with. */
export interface DoorOptions {
  /** Opens an entrance. Throws ERR_LISTEN when the port cannot be had. */
  readonly open: (native: TemplatedApp, address: Address) => Entrance;
  readonly address: Address;
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
  #entrance: Entrance | undefined;
  #connections = 0;
  #isStopped = false;
  #cancelOpening: Cancel | undefined;
  #toldAt: Millis = -Infinity;
  /** Whether it was told that it is closed. */
  #isTold = false;

  /** Opens. Throws ERR_LISTEN when the port cannot be had. */
  constructor(native: TemplatedApp, options: DoorOptions) {
    const { open, address, mostConnections } = options;
    this.#options = options;
    this.#native = native;
    this.#entrance = open(native, address);
    this.#port = this.#entrance.port;
    if (address.port === 0 && mostConnections < Infinity) this.#openByNumber();
  }

  get port(): number {
    return this.#port;
  }

  /** Whether nobody is let in until others have left. */
  get isClosed(): boolean {
    return this.#entrance === undefined && !this.#isStopped;
  }

  /**
   * Lets whoever connects from now on in to another app. Returns how to end the change: until that has resolved,
   * some may still be let in to the app before. Throws, with nothing changed, when it cannot be done.
   */
  leadTo(next: TemplatedApp): () => Promise<void> {
    const finish = this.#entrance?.leadTo(next);
    this.#native = next;
    return finish ?? (async () => {});
  }

  /** There are now so many connections. */
  count(connections: number): void {
    this.#connections = connections;
    if (this.#entrance !== undefined) {
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
    this.#entrance?.stop();
    this.#entrance = undefined;
  }

  #hasRoom(): boolean {
    return this.#connections <= this.#options.mostConnections * (1 - roomToOpen);
  }

  /**
   * Opens once more at the port that was free. While clients are connected to a port that was not asked for by
   * its number, nobody else can listen there (it has no SO_REUSEADDR): not even this program, once it has stopped.
   */
  #openByNumber(): void {
    this.#entrance?.stop();
    this.#entrance = this.#openAgain();
  }

  #openAgain(): Entrance {
    const { open, address } = this.#options;
    return open(this.#native, { ...address, port: this.#port });
  }

  #close(): void {
    const { clock, log } = this.#options;
    this.#entrance?.stop();
    this.#entrance = undefined;
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
      this.#entrance = this.#openAgain();
    } catch (error) {
      log.error({ port: this.#port, err: error }, 'clients cannot be accepted again yet');
      return this.#openIn(retryMs);
    }
    if (this.#isTold)
      log.info({ port: this.#port, connections: this.#connections }, 'clients are accepted again');
  }
}
