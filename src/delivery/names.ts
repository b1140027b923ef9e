import { isIP, type LookupFunction } from 'node:net';
import type { Clock, Millis } from '../ports/clock.ts';
import { isPublicAddress, type Address } from './addresses.ts';
import { lookUpAsLastResort, type SystemLookup } from './last-resort.ts';
import { candidatesOf, LocalNames, systemFiles, type LocalFiles } from './local-names.ts';
import { NameError } from './name-error.ts';
import { NameLookup, type ResolvedAddresses } from './question.ts';

/** How names are looked up. */
export interface NamesOptions {
  /** A clock that runs by itself. */
  readonly clock: Clock;
  /** The maximum duration of a look-up. It is shorter than an attempt, so that the error names the cause. Default: 3 s. */
  readonly timeoutMs?: Millis;
  /** The name servers, as `address:port`. Default: those in resolv.conf when a look-up begins. */
  readonly servers?: readonly string[];
  /** Default: the machine's own files. */
  readonly files?: LocalFiles;
  /** Default: getaddrinfo. */
  readonly lookUpInSystem?: SystemLookup;
}

const defaultTimeoutMs: Millis = 3000;

/** A result is used for its time to live, within these bounds. */
const shortestTtlMs: Millis = 1000;
const longestTtlMs: Millis = 30_000;

/** A failed look-up is not repeated for this time, which is shorter than the delay between two attempts. */
const failureTtlMs: Millis = 900;

/** The operating system does not report how long its answer is valid. */
const systemTtlMs: Millis = 10_000;

/** Failures after which the operating system is asked: name servers do not know the name, or there are none. */
const worthAnother: ReadonlySet<string> = new Set(['ENOTFOUND', 'DNS_CONNREFUSED']);

const rememberedNames = 2000;

/** A look-up in progress, or its result while that is valid. */
interface Entry {
  readonly addresses: Promise<readonly Address[]>;
  /** Infinity while the look-up is in progress. */
  validUntil: Millis;
}

/**
 * Looks up the host names of endpoints independently of each other. The operating system's own function (getaddrinfo) takes one
 * of four threads of the process, so that a few unresponsive name servers would delay every endpoint. Attempts to one host
 * share a look-up and its result.
 */
export class Names {
  readonly #clock: Clock;
  readonly #options: NamesOptions;
  readonly #files: LocalFiles;
  readonly #local: LocalNames;
  readonly #entries = new Map<string, Entry>();
  /** A function for each look-up in progress that cancels it. */
  readonly #underWay = new Set<() => void>();

  constructor(options: NamesOptions) {
    const { clock, files = systemFiles } = options;
    this.#clock = clock;
    this.#options = options;
    this.#files = files;
    this.#local = new LocalNames(files.hosts);
  }

  /** The look-up function for node:net and everything built on it. With `publicOnly`, it returns only public addresses. */
  lookup(publicOnly: boolean): LookupFunction {
    return (name, { all, family }, callback) => {
      const answer = (addresses: readonly Address[]): void => {
        const accepted = publicOnly ? addresses.filter(({ address }) => isPublicAddress(address)) : addresses;
        if (accepted.length === 0) return fail(new NameError('ADDRESS_NOT_PUBLIC', name));
        const wanted = accepted.filter((one) =>
          family !== 4 && family !== 6 ? true : one.family === family,
        );
        const [first] = wanted;
        if (first === undefined) fail(new NameError('ENOTFOUND', name));
        else if (all === true) callback(null, [...wanted]);
        else callback(null, first.address, first.family);
      };
      const fail = (error: NameError): void => callback(error, '');
      this.resolve(name).then(answer, fail);
    };
  }

  /** All addresses of a name, at least one. Rejects with a NameError, at the latest when the time is over. */
  async resolve(host: string): Promise<readonly Address[]> {
    const family = isIP(host);
    if (family === 4 || family === 6) return [{ address: host, family }];
    const name = host.toLowerCase();
    const local = this.#local.find(name.replace(/\.$/, ''));
    if (local !== undefined) return local;
    const known = this.#entries.get(name);
    if (known !== undefined && known.validUntil > this.#clock.now()) return known.addresses;
    return this.#begin(name);
  }

  /** Cancels all look-ups. */
  close(): void {
    for (const giveUp of Array.from(this.#underWay)) giveUp();
  }

  #begin(name: string): Promise<readonly Address[]> {
    const answer = this.#lookUp(name);
    const entry: Entry = { addresses: answer.then(({ addresses }) => addresses), validUntil: Infinity };
    const keep = (ttlMs: Millis): void => void (entry.validUntil = this.#clock.now() + ttlMs);
    answer.then(
      ({ ttlMs }) => keep(ttlMs),
      () => keep(failureTtlMs),
    );
    this.#entries.delete(name);
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined && this.#entries.size >= rememberedNames) this.#entries.delete(oldest);
    this.#entries.set(name, entry);
    return entry.addresses;
  }

  async #lookUp(name: string): Promise<ResolvedAddresses> {
    const { clock, timeoutMs = defaultTimeoutMs, servers } = this.#options;
    const question = new NameLookup({ clock, timeoutMs, servers });
    const leave: (() => void)[] = [() => question.cancel()];
    const late = new Promise<never>((_, reject) => {
      const giveUp = (): void => reject(new NameError('DNS_TIMEOUT', name));
      this.#underWay.add(giveUp);
      leave.push(clock.after(timeoutMs, giveUp), () => this.#underWay.delete(giveUp));
    });
    try {
      return await Promise.race([late, this.#ask(name, question, leave)]);
    } finally {
      for (const one of leave) one();
    }
  }

  async #ask(name: string, question: NameLookup, leave: (() => void)[]): Promise<ResolvedAddresses> {
    const answer = await question.ask(candidatesOf(name, this.#files.resolv));
    if (!(answer instanceof NameError)) {
      return { ...answer, ttlMs: Math.min(longestTtlMs, Math.max(shortestTtlMs, answer.ttlMs)) };
    }
    if (!worthAnother.has(answer.code)) throw answer;
    const addresses = await new Promise<readonly Address[]>((resolve) => {
      leave.push(lookUpAsLastResort(name, resolve, this.#options.lookUpInSystem));
    });
    if (addresses.length === 0) throw answer;
    return { addresses, ttlMs: systemTtlMs };
  }
}

/** Why an address may not be used as a host of an endpoint that must be public; undefined if it may. Names are checked later. */
export function refuseAddress(host: string): NameError | undefined {
  const address = host.startsWith('[') ? host.slice(1, -1) : host;
  if (isIP(address) === 0 || isPublicAddress(address)) return undefined;
  return new NameError('ADDRESS_NOT_PUBLIC', host);
}
