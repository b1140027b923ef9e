import { promises as dns } from 'node:dns';
import type { Clock, Millis } from '../ports/clock.ts';
import type { Address } from './addresses.ts';
import { NameError } from './name-error.ts';

/** Addresses, and how long they hold. */
export interface Answer {
  readonly addresses: readonly Address[];
  readonly ttlMs: Millis;
}

/** How name servers are asked. */
export interface QuestionOptions {
  readonly clock: Clock;
  readonly timeoutMs: Millis;
  /** As `address:port`; default: those of resolv.conf, as they are now. */
  readonly servers?: readonly string[] | undefined;
}

/** When addresses of one family are there, those of the other are waited for so long (RFC 8305). */
const otherFamilyMs: Millis = 50;

/** What name servers say when a name has no address. */
const unknownCodes: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA']);

/** One look-up by name servers, with sockets of its own and none of the process' threads (c-ares). */
export class Question {
  readonly #resolver: dns.Resolver;
  readonly #clock: Clock;

  constructor({ clock, timeoutMs, servers }: QuestionOptions) {
    // The second try takes twice as long: together they are the time there is.
    this.#resolver = new dns.Resolver({ timeout: Math.max(1, Math.floor(timeoutMs / 3)), tries: 2 });
    this.#clock = clock;
    if (servers !== undefined) this.#resolver.setServers(servers);
  }

  /** The addresses of the first of these names that has any, or why there are none. */
  async ask(candidates: readonly string[]): Promise<Answer | NameError> {
    let failure: NameError | undefined;
    for (const name of candidates) {
      try {
        const answer = await this.#askFor(name);
        if (answer !== undefined) return answer;
      } catch (error) {
        // Another domain may be another server's.
        failure ??= new NameError(dnsCode(error), name);
      }
    }
    return failure ?? new NameError('ENOTFOUND', candidates[0] ?? '');
  }

  /** Ends it: what is under way is given up. */
  cancel(): void {
    this.#resolver.cancel();
  }

  async #askFor(name: string): Promise<Answer | undefined> {
    const families = [this.#askFamily(name, 4), this.#askFamily(name, 6)];
    const first = await Promise.any(families).catch(() => undefined);
    // Either there is nothing to wait for, or both have ended.
    const rest = first === undefined ? families : families.map((family) => this.#soon(family));
    const settled = await Promise.allSettled(rest);
    const answers = settled.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    if (answers.length > 0) {
      const ttlMs = 1000 * Math.min(...answers.map(({ ttl }) => ttl));
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

  #soon<T>(answer: Promise<readonly T[]>): Promise<readonly T[]> {
    let cancel = (): void => {};
    const late = new Promise<readonly T[]>((resolve) => {
      cancel = this.#clock.after(otherFamilyMs, () => resolve([]));
    });
    return Promise.race([answer, late]).finally(() => cancel());
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : 'EUNKNOWN';
}

/** c-ares calls some faults as the system calls those of connections: here it is plain what failed. */
function dnsCode(error: unknown): string {
  return `DNS_${codeOf(error).replace(/^E/, '')}`;
}
