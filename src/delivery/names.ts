import { isIP, type LookupFunction } from 'node:net';
import type { Clock, Millis } from '../ports/clock.ts';
import { isPublicAddress, type Address } from './addresses.ts';
import { askLastResort, type AskSystem } from './last-resort.ts';
import { candidatesOf, LocalNames, systemFiles, type LocalFiles } from './local-names.ts';
import { NameError } from './name-error.ts';
import { Question, type Answer } from './question.ts';

/** How names are looked up. */
export interface NamesOptions {
  /** One that goes by itself. */
  readonly clock: Clock;
  /** No look-up takes longer: less than an attempt, so that this is what is said of it. Default: 3 s. */
  readonly timeoutMs?: Millis;
  /** The name servers, as `address:port`. Default: those of resolv.conf, as they are when a look-up begins. */
  readonly servers?: readonly string[];
  /** Default: the machine's own. */
  readonly files?: LocalFiles;
  /** Default: getaddrinfo. */
  readonly askSystem?: AskSystem;
}

const defaultTimeoutMs: Millis = 3000;

/** An answer is taken to be true for as long as it says, within these. */
const shortestTtlMs: Millis = 1000;
const longestTtlMs: Millis = 30_000;

/** So long nobody is asked again for a name that could not be found: less than there is between two attempts. */
const failureTtlMs: Millis = 900;

/** The system does not say how long its answer holds. */
const systemTtlMs: Millis = 10_000;

/** What the system may know better: a name that name servers do not know, or that there are none. */
const worthAnother: ReadonlySet<string> = new Set(['ENOTFOUND', 'DNS_CONNREFUSED']);

const rememberedNames = 2000;

/** A look-up: under way, or its result as long as that holds. */
interface Entry {
  readonly addresses: Promise<readonly Address[]>;
  /** Infinity while it is under way. */
  validUntil: Millis;
}

/**
 * Looks up the names of endpoints, each by itself: the system's own way (getaddrinfo) takes one of four threads that the whole
 * process has, so that a few name servers that are silent hold up every endpoint. Attempts at one name share one
 * look-up and its result.
 */
export class Names {
  readonly #clock: Clock;
  readonly #options: NamesOptions;
  readonly #files: LocalFiles;
  readonly #local: LocalNames;
  readonly #entries = new Map<string, Entry>();
  /** How to give up each look-up that is under way. */
  readonly #underWay = new Set<() => void>();

  constructor(options: NamesOptions) {
    const { clock, files = systemFiles } = options;
    this.#clock = clock;
    this.#options = options;
    this.#files = files;
    this.#local = new LocalNames(files.hosts);
  }

  /** What node:net and all that is built on it ask for the addresses of a name; with `publicOnly`, public ones only. */
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

  /** Gives up what is under way. */
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

  async #lookUp(name: string): Promise<Answer> {
    const { clock, timeoutMs = defaultTimeoutMs, servers } = this.#options;
    const question = new Question({ clock, timeoutMs, servers });
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

  async #ask(name: string, question: Question, leave: (() => void)[]): Promise<Answer> {
    const answer = await question.ask(candidatesOf(name, this.#files.resolv));
    if (!(answer instanceof NameError)) {
      return { ...answer, ttlMs: Math.min(longestTtlMs, Math.max(shortestTtlMs, answer.ttlMs)) };
    }
    if (!worthAnother.has(answer.code)) throw answer;
    const addresses = await new Promise<readonly Address[]>((resolve) => {
      leave.push(askLastResort(name, resolve, this.#options.askSystem));
    });
    if (addresses.length === 0) throw answer;
    return { addresses, ttlMs: systemTtlMs };
  }
}

/** Why nothing is sent to a host that is an address, and is looked up by nobody, if it must be on the public internet. */
export function refusalOf(host: string): NameError | undefined {
  const address = host.startsWith('[') ? host.slice(1, -1) : host;
  if (isIP(address) === 0 || isPublicAddress(address)) return undefined;
  return new NameError('ADDRESS_NOT_PUBLIC', host);
}
