import { DriverSocket, subscribeFrame, unsubscribeFrame } from './socket.ts';
import type { Address } from './address.ts';

const socketCount = 10;
/** Channel names repeat after this many, long after their events were delivered. */
const channelCount = 20_000;
const defaultPrefix = 'churn-';

/** Sockets that subscribe to a channel and unsubscribe immediately. Without a grace period, each pair causes two webhook events. */
export class Churn {
  readonly #sockets: readonly DriverSocket[];
  readonly #frames: readonly Buffer[];
  readonly #pairsPerWrite: number;
  #writes = 0;
  /** Connections lost. */
  dropped = 0;

  private constructor(sockets: readonly DriverSocket[], pairsPerWrite: number, prefix: string) {
    this.#sockets = sockets;
    this.#pairsPerWrite = pairsPerWrite;
    this.#frames = Array.from({ length: channelCount / pairsPerWrite }, (_, group) =>
      Buffer.concat(
        Array.from({ length: pairsPerWrite }, (__, i) => {
          const channel = `${prefix}${group * pairsPerWrite + i}`;
          return Buffer.concat([subscribeFrame(channel), unsubscribeFrame(channel)]);
        }),
      ),
    );
    for (const socket of sockets) socket.onDrop = () => (this.dropped += 1);
  }

  /** Connects. Each `next` then sends `pairsPerWrite` pairs in one write. Instances with different prefixes share no channels. */
  static async connect(address: Address, pairsPerWrite: number, prefix = defaultPrefix): Promise<Churn> {
    const sockets = await Promise.all(Array.from({ length: socketCount }, () => DriverSocket.open(address)));
    return new Churn(sockets, pairsPerWrite, prefix);
  }

  /** Sends the next pairs. Returns how many events they cause, and the number of their first channel. */
  next(): { readonly events: number; readonly first: number } {
    const group = this.#writes % this.#frames.length;
    this.#sockets[this.#writes % this.#sockets.length]?.send(this.#frames[group] ?? Buffer.alloc(0));
    this.#writes += 1;
    return { events: this.#pairsPerWrite * 2, first: group * this.#pairsPerWrite };
  }

  async close(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => socket.close()));
  }
}

/** The number in a channel name of `Churn` with the default prefix. */
export function churnNumber(channel: string): number {
  return Number(channel.slice(defaultPrefix.length));
}
