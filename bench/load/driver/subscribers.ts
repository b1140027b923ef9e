import type { Latencies } from '../measure/latencies.ts';
import { settle } from '../measure/wait.ts';
import type { Address } from './address.ts';
import { DriverSocket } from './socket.ts';

const atOnce = 50;
const stallMs = 2000;
const quietMs = 100;

/** When each message was due, on the clock of `performance.now()`. The list can grow during the round. */
export interface Schedule {
  readonly dueAt: readonly number[];
  readonly latencies: Latencies;
}

/**
 * Sockets that subscribe to one channel and count its messages. Each message goes to each socket, so a socket
 * with fewer frames than messages misses some, and a socket with more has duplicates.
 */
export class Subscribers {
  readonly #sockets: DriverSocket[] = [];
  readonly #minBytes: number;
  #counts = new Uint32Array(0);
  #schedule: Schedule | null = null;
  /** Frames delivered to all sockets in this round. */
  delivered = 0;
  /** Connections lost since the start. */
  dropped = 0;

  private constructor(minBytes: number) {
    this.#minBytes = minBytes;
  }

  /** Connects and subscribes `size` sockets. They do not count text frames shorter than `minBytes` (pings). */
  static async join(address: Address, channel: string, size: number, minBytes: number): Promise<Subscribers> {
    const group = new Subscribers(minBytes);
    for (let from = 0; from < size; from += atOnce) {
      const wave = Array.from({ length: Math.min(atOnce, size - from) }, () => group.#add(address, channel));
      await Promise.all(wave);
    }
    group.startRound();
    return group;
  }

  /**
   * Resets the counts. With a schedule, it records the latency of each delivery: the nth frame of a
   * socket belongs to the nth message, which was due at the nth time of `dueAt`.
   */
  startRound(schedule: Schedule | null = null): void {
    this.#counts = new Uint32Array(this.#sockets.length);
    this.delivered = 0;
    this.#schedule = schedule;
  }

  /** How many frames are missing in this round, if each socket should have received `messages`. */
  missing(messages: number): number {
    return this.#counts.reduce((sum, count) => sum + Math.max(0, messages - count), 0);
  }

  /** How many frames beyond the sent `messages` arrived in this round. */
  beyond(messages: number): number {
    return this.#counts.reduce((sum, count) => sum + Math.max(0, count - messages), 0);
  }

  /**
   * Waits for the frames that are still on their way. Resolves to the time of the last one. If a message was sent but not
   * accepted because the round was over, it is unknown whether it was published.
   */
  async drain(accepted: number, sent: number): Promise<number> {
    const progress = (): number => this.delivered;
    const acceptedAt = await settle(() => this.missing(accepted) === 0, progress, stallMs);
    if (sent === accepted) return acceptedAt;
    return settle(() => this.missing(sent) === 0, progress, quietMs);
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => socket.close()));
  }

  async #add(address: Address, channel: string): Promise<void> {
    const socket = await DriverSocket.open(address);
    const index = this.#sockets.push(socket) - 1;
    await socket.subscribe(channel);
    socket.onText = (_bytes, start, end) => {
      if (end - start < this.#minBytes) return;
      const before = this.#counts[index] ?? 0;
      this.#counts[index] = before + 1;
      this.delivered += 1;
      const dueAt = this.#schedule?.dueAt[before];
      if (dueAt !== undefined) this.#schedule?.latencies.record(performance.now() - dueAt);
    };
    socket.onDrop = () => (this.dropped += 1);
  }
}
