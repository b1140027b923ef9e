import type { Millis } from '../ports/clock.ts';
import { addressFull, addressTooFast, serverFull, type ClosingError } from '../protocol/errors.ts';
import { TokenBucket } from '../protocol/token-bucket.ts';

/** The limits on connections of this node. Infinity means no bound. */
export interface AdmissionPolicy {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  /** Per second. */
  readonly maxNewConnectionsPerAddress: number;
}

/** The connections of one address. */
export interface AddressUse {
  readonly address: string;
  open: number;
  /** Limits new connections. */
  readonly arrivals: TokenBucket;
  /** When a client of this address last tried to connect. */
  lastAttemptAt: Millis;
}

/** How many seconds' worth of new connections may arrive in a burst: a page with many tabs, an office that reconnects. */
const burstSeconds = 10;

/** Counts the connections of this node and of each address, and refuses those above the limits. */
export class Admissions {
  readonly #policy: AdmissionPolicy;
  readonly #uses = new Map<string, AddressUse>();
  readonly #isByAddress: boolean;
  #open = 0;
  #forgottenAt: Millis = 0;

  constructor(policy: AdmissionPolicy) {
    this.#policy = policy;
    const { maxConnectionsPerAddress, maxNewConnectionsPerAddress } = policy;
    this.#isByAddress = Math.min(maxConnectionsPerAddress, maxNewConnectionsPerAddress) < Infinity;
  }

  /** The number of remembered addresses. */
  get size(): number {
    return this.#uses.size;
  }

  /** Admits a client of this address, or returns why not. The caller passes the returned value to `leave`. */
  enter(remoteAddress: string, at: Millis): AddressUse | ClosingError | undefined {
    const { maxConnections, maxConnectionsPerAddress, maxNewConnectionsPerAddress } = this.#policy;
    const use = this.#isByAddress ? this.#useOf(addressGroup(remoteAddress), at) : undefined;
    if (use !== undefined) {
      if (!use.arrivals.take(at)) return addressTooFast(maxNewConnectionsPerAddress);
      if (use.open >= maxConnectionsPerAddress) return addressFull(maxConnectionsPerAddress);
    }
    if (this.#open >= maxConnections) return serverFull(maxConnections);
    this.#open += 1;
    if (use !== undefined) use.open += 1;
    return use;
  }

  /** A client that was admitted has disconnected. */
  leave(use: AddressUse | undefined): void {
    this.#open -= 1;
    if (use !== undefined) use.open -= 1;
  }

  /** The same for callers that do not keep the seat: a client of this address has disconnected. */
  leaveFrom(remoteAddress: string): void {
    this.leave(this.#isByAddress ? this.#uses.get(addressGroup(remoteAddress)) : undefined);
  }

  #useOf(address: string, at: Millis): AddressUse {
    const { maxNewConnectionsPerAddress: perSecond } = this.#policy;
    this.#forget(at);
    let use = this.#uses.get(address);
    if (use === undefined) {
      use = {
        address,
        open: 0,
        arrivals: new TokenBucket(perSecond, burstSeconds * perSecond, at),
        lastAttemptAt: at,
      };
      this.#uses.set(address, use);
    }
    use.lastAttemptAt = at;
    return use;
  }

  /** Removes addresses without connections that have not tried to connect for a while. */
  #forget(at: Millis): void {
    const afterMs = burstSeconds * 1000;
    if (at - this.#forgottenAt < afterMs) return;
    this.#forgottenAt = at;
    for (const use of this.#uses.values()) {
      if (use.open === 0 && at - use.lastAttemptAt >= afterMs) this.#uses.delete(use.address);
    }
  }
}

/** The group of clients that count as one address: for IPv6 the /64 network, which usually is one household. */
export function addressGroup(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  // `::` stands for zeros.
  if (tail !== undefined) {
    const behind = tail === '' ? [] : tail.split(':');
    while (groups.length + behind.length < 8) groups.push('0');
    groups.push(...behind);
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
}
