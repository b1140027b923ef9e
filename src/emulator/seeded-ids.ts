import type { Ids } from '../ports/ids.ts';
import { formatSocketId, type SocketId } from '../protocol/socket-id.ts';

/** Draws whole numbers of 32 bits. */
type Draw = () => number;

/**
 * Generates ids that look random; the same seed gives the same ids in the same order. Connections, webhooks and requests have
 * separate sequences, so that one more request does not change the ids of webhooks.
 *
 * ```ts
 * const ids = new SeededIds(7);
 * ids.socketId(); // the same in every process
 * ```
 */
export class SeededIds implements Ids {
  readonly #seed: number;
  #round = 0;
  #sockets: Draw;
  #webhooks: Draw;
  #requests: Draw;

  /** @param seed a whole number from 0 to 4294967295 */
  constructor(seed: number) {
    this.#seed = seed;
    [this.#sockets, this.#webhooks, this.#requests] = this.#sequences();
  }

  /**
   * Starts new sequences. They depend on the seed and on the number of earlier calls, not on how many ids were drawn before. No id
   * repeats, because receivers treat a webhook with a known id as a duplicate.
   */
  restart(): void {
    this.#round += 1;
    [this.#sockets, this.#webhooks, this.#requests] = this.#sequences();
  }

  socketId(): SocketId {
    return formatSocketId(this.#sockets(), this.#sockets());
  }

  webhookId(): string {
    return `msg_${uuidOf(this.#webhooks)}`;
  }

  requestId(): string {
    return `req_${uuidOf(this.#requests)}`;
  }

  #sequences(): [sockets: Draw, webhooks: Draw, requests: Draw] {
    const sequence = (kind: number): Draw => createSequence(this.#seed, this.#round, kind);
    return [sequence(1), sequence(2), sequence(3)];
  }
}

/** The generator discards this many numbers first, until each bit of the seed has affected all others. */
const warmUp = 15;

/** The generator sfc32. Its state of 128 bits keeps sequences with different seeds apart. */
function createSequence(a: number, b: number, c: number): Draw {
  let counter = 1;
  const draw = (): number => {
    const drawn = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + drawn) | 0;
    return drawn >>> 0;
  };
  for (let count = 0; count < warmUp; count += 1) draw();
  return draw;
}

/** An id in the form of a random UUID (version 4). */
function uuidOf(draw: Draw): string {
  const hex = Array.from({ length: 4 }, () => draw().toString(16).padStart(8, '0')).join('');
  const variant = (8 + (parseInt(hex.charAt(16), 16) % 4)).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}
