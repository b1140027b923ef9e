import type { Millis } from '../ports/clock.ts';
import { addressFull, addressTooFast, serverFull, type ClosingError } from '../protocol/errors.ts';
import { TokenBucket } from '../protocol/token-bucket.ts';

/** How many connections this node serves; Infinity is no bound. */
export interface AdmissionPolicy {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  /** In a second. */
  readonly maxNewConnectionsPerAddress: number;
}

/** The connections of one address. */
export interface Seat {
  readonly address: string;
  open: number;
  /** Those who may still come. */
  readonly arrivals: TokenBucket;
  /** When somebody was last there who wanted to come. */
  askedAt: Millis;
}

/** So many seconds' worth of new connections may come at once: a page with many tabs, an office that comes back. */
const burstSeconds = 10;

/** Counts the connections of this node and of each address, and says who is one too many. */
export class Admissions {
  readonly #policy: AdmissionPolicy;
  readonly #seats = new Map<string, Seat>();
  readonly #isByAddress: boolean;
  #open = 0;
  #forgottenAt: Millis = 0;

  constructor(policy: AdmissionPolicy) {
    this.#policy = policy;
    const { maxConnectionsPerAddress, maxNewConnectionsPerAddress } = policy;
    this.#isByAddress = Math.min(maxConnectionsPerAddress, maxNewConnectionsPerAddress) < Infinity;
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#seats.size;
  }

  /** Lets a client of this address in, or says why not. Whoever is let in keeps the seat for `leave`. */
  enter(remoteAddress: string, at: Millis): Seat | ClosingError | undefined {
    const { maxConnections, maxConnectionsPerAddress, maxNewConnectionsPerAddress } = this.#policy;
    const seat = this.#isByAddress ? this.#seatOf(addressGroup(remoteAddress), at) : undefined;
    if (seat !== undefined) {
      if (!seat.arrivals.take(at)) return addressTooFast(maxNewConnectionsPerAddress);
      if (seat.open >= maxConnectionsPerAddress) return addressFull(maxConnectionsPerAddress);
    }
    if (this.#open >= maxConnections) return serverFull(maxConnections);
    this.#open += 1;
    if (seat !== undefined) seat.open += 1;
    return seat;
  }

  /** One who was let in has gone. */
  leave(seat: Seat | undefined): void {
    this.#open -= 1;
    if (seat !== undefined) seat.open -= 1;
  }

  /** The same, for whoever does not keep the seat: one client of this address has gone. */
  leaveFrom(remoteAddress: string): void {
    this.leave(this.#isByAddress ? this.#seats.get(addressGroup(remoteAddress)) : undefined);
  }

  #seatOf(address: string, at: Millis): Seat {
    const { maxNewConnectionsPerAddress: perSecond } = this.#policy;
    this.#forget(at);
    let seat = this.#seats.get(address);
    if (seat === undefined) {
      seat = {
        address,
        open: 0,
        arrivals: new TokenBucket(perSecond, burstSeconds * perSecond, at),
        askedAt: at,
      };
      this.#seats.set(address, seat);
    }
    seat.askedAt = at;
    return seat;
  }

  /** Whoever has no connection, and has not asked for one in a while, is like one who never came. */
  #forget(at: Millis): void {
    const afterMs = burstSeconds * 1000;
    if (at - this.#forgottenAt < afterMs) return;
    this.#forgottenAt = at;
    for (const seat of this.#seats.values()) {
      if (seat.open === 0 && at - seat.askedAt >= afterMs) this.#seats.delete(seat.address);
    }
  }
}

/** Who shares an address: of IPv6 its network of 64 bits, all of which one household has. */
export function addressGroup(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  // What `::` stands for are zeros.
  if (tail !== undefined) {
    const behind = tail === '' ? [] : tail.split(':');
    while (groups.length + behind.length < 8) groups.push('0');
    groups.push(...behind);
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
}
