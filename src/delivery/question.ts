import { promises as dns } from 'node:dns';
import type { Clock, Millis } from '../ports/clock.ts';
import type { Address } from './addresses.ts';
import { NameError } from './name-error.ts';

/** Addresses, and how long they are valid. */
export interface ResolvedAddresses {
  readonly addresses: readonly Address[];
  readonly ttlMs: Millis;
}

/** How name servers are asked. */
export interface NameLookupOptions {
  readonly clock: Clock;
  readonly timeoutMs: Millis;
  /** As `address:port`. Default: those that resolv.conf contains now. */
  readonly servers?: readonly string[] | undefined;
}

/** How long to wait for IPv6 addresses once IPv4 addresses are known (RFC 8305). */
const waitForV6Ms: Millis = 50;

/** The codes for a name without an address. */
const unknownCodes: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA']);

/** One look-up by name servers. It uses sockets of its own and no thread of the process (c-ares). */
export class NameLookup {
  readonly #resolver: dns.Resolver;
  readonly #clock: Clock;
  readonly #waitForV4Ms: Millis;

  constructor({ clock, timeoutMs, servers }: NameLookupOptions) {
    // The second try takes twice as long, so both together take the whole time.
    this.#resolver = new dns.Resolver({ timeout: Math.max(1, Math.floor(timeoutMs / 3)), tries: 2 });
    this.#clock = clock;
    // Many machines cannot reach IPv6 addresses, so it is worth to wait for the second try.
    this.#waitForV4Ms = timeoutMs / 2;
    if (servers !== undefined) this.#resolver.setServers(servers);
  }

  /** The addresses of the first of these names that has any, or why there are none. */
  async ask(candidates: readonly string[]): Promise<ResolvedAddresses | NameError> {
    let failure: NameError | undefined;
    for (const name of candidates) {
      try {
        const answer = await this.#askFor(name);
        if (answer !== undefined) return answer;
      } catch (error) {
        // Another name may be served by another server.
        failure ??= new NameError(dnsCode(error), name);
      }
    }
    return failure ?? new NameError('ENOTFOUND', candidates[0] ?? '');
  }

  /** Cancels the look-up. */
  cancel(): void {
    this.#resolver.cancel();
  }

  async #askFor(name: string): Promise<ResolvedAddresses | undefined> {
    const families = [this.#askFamily(name, 4), this.#askFamily(name, 6)];
    const first = await Promise.any(families).catch(() => undefined);
    // Either there is nothing to wait for, or both have finished.
    const waitMs = first?.[0]?.family === 6 ? this.#waitForV4Ms : waitForV6Ms;
    const rest = first === undefined ? families : families.map((family) => this.#within(waitMs, family));
    const settled = await Promise.allSettled(rest);
    const answers = settled.flatMap((one) => (one.status === 'fulfilled' ? (one.value ?? []) : []));
    if (answers.length > 0) {
      // Without the late ones, the addresses may be useless.
      const isComplete = settled.every((one) => one.status === 'rejected' || one.value !== undefined);
      const ttlMs = isComplete ? 1000 * Math.min(...answers.map(({ ttl }) => ttl)) : 0;
      return { addresses: answers.map(({ address, family }) => ({ address, family })), ttlMs };
    }
    const faults = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    const fault = faults.find((one) => !unknownCodes.has(codeOf(one)));
    if (fault !== undefined) throw fault;
    return undefined;
  }

  async #askFamily(name: string, family: 4 | 6) {
    const records = await (family === 4
      ? this.#resolver.resolve4(name, { ttl: true })
      : this.#resolver.resolve6(name, { ttl: true }));
    return records.map(({ address, ttl }) => ({ address, ttl, family }));
  }

  /** The answer; undefined if it is late. */
  #within<T>(waitMs: Millis, answer: Promise<T>): Promise<T | undefined> {
    let cancel = (): void => {};
    const late = new Promise<undefined>((resolve) => {
      cancel = this.#clock.after(waitMs, () => resolve(undefined));
    });
    return Promise.race([answer, late]).finally(() => cancel());
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : 'EUNKNOWN';
}

/** c-ares uses some codes that the system uses for connections; the prefix distinguishes them. */
function dnsCode(error: unknown): string {
  return `DNS_${codeOf(error).replace(/^E/, '')}`;
}
