import type { ConsoleType } from '../../views/server.ts';
import type { Clock, WallTime } from '../../ports/clock.ts';
import { Allowance, type AllowanceBounds, type AllowanceTime } from '../allowance.ts';
import { entryBytes, type ConsoleContent, type ConsoleEntry } from './console-entry.ts';
import { Ring } from '../ring.ts';
import { Ticker } from '../ticker.ts';

/** What the log of the console needs. */
export interface ConsoleLogOptions {
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly wallTime: WallTime;
  /** The approximate memory limit in bytes. Half of it is reserved for refusals and failures. */
  readonly bytes: number;
  /** The most entries in each half. */
  readonly capacity?: number;
  /** The most entries of one type that are recorded per second. Others are only counted. */
  readonly perSecond?: number;
}

/** Selects entries. */
export interface ConsoleScope {
  readonly appId?: string | undefined;
  readonly types?: ReadonlySet<ConsoleType> | undefined;
}

/** The budget for entries of one type. */
export class TypeBudget {
  readonly type: ConsoleType;
  readonly #allowance: Allowance;
  #skipped = 0;

  constructor(type: ConsoleType, allowance: Allowance) {
    this.type = type;
    this.#allowance = allowance;
  }

  /** Whether an entry may be added now. If so, the caller must add it. If not, it is counted. */
  allows(): boolean {
    if (this.#allowance.take()) return true;
    this.#skipped += 1;
    return false;
  }

  /** How many were not recorded since the last entry. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Returns and resets the number of entries that were not recorded. */
  takeSkipped(): number {
    const skipped = this.#skipped;
    this.#skipped = 0;
    return skipped;
  }
}

/** These types are kept apart, so that a burst of routine entries does not displace them. */
const troubles: ReadonlySet<ConsoleType> = new Set([
  'webhook failed',
  'refused connection',
  'refused message',
  'refused request',
  'setting',
]);

/** Numbers per millisecond of the start time, so that numbers keep ascending across restarts. */
const numbersInMs = 1000;

/** The latest entries of the debug console, numbered in order, within limits. */
export class ConsoleLog {
  readonly #wallTime: WallTime;
  readonly #routine: Ring<ConsoleEntry>;
  readonly #trouble: Ring<ConsoleEntry>;
  readonly #budgets = new Map<ConsoleType, TypeBudget>();
  readonly #bounds: AllowanceBounds;
  readonly #time: AllowanceTime;
  readonly #startedAtMs: number;
  readonly #firstSeq: number;
  #nextSeq: number;

  readonly #added: () => void;

  /** `added` is called for entries that the log adds itself. */
  constructor(
    { clock, wallTime, bytes, capacity = 20_000, perSecond = 200 }: ConsoleLogOptions,
    added: () => void = () => {},
  ) {
    this.#added = added;
    const bounds = { count: capacity, bytes: bytes / 2 };
    this.#wallTime = wallTime;
    this.#routine = new Ring(bounds);
    this.#trouble = new Ring(bounds);
    this.#time = { clock, ticker: new Ticker(clock) };
    this.#bounds = { perSecond };
    this.#startedAtMs = wallTime.now();
    this.#firstSeq = Math.max(1, Math.floor(this.#startedAtMs) * numbersInMs);
    this.#nextSeq = this.#firstSeq;
  }

  /** The number that the next entry will have. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** The number of the first entry since the start. */
  get firstSeq(): number {
    return this.#firstSeq;
  }

  /** The approximate memory of the entries. */
  get bytes(): number {
    return this.#routine.bytes + this.#trouble.bytes;
  }

  /** How many entries are kept. */
  get size(): number {
    return this.#routine.size + this.#trouble.size;
  }

  /** The budget for entries of a type. Callers that add many should look it up once. */
  budgetOf(type: ConsoleType): TypeBudget {
    let budget = this.#budgets.get(type);
    if (budget === undefined) {
      const made = new TypeBudget(type, new Allowance(this.#bounds, this.#time, () => this.#addGap(made)));
      this.#budgets.set(type, made);
      budget = made;
    }
    return budget;
  }

  /** Adds an entry that the budget has allowed. */
  add(budget: TypeBudget, appId: string, content: ConsoleContent): void {
    const { type } = budget;
    const skipped = budget.takeSkipped();
    const seq = this.#nextSeq;
    this.#nextSeq += 1;
    const entry = {
      seq,
      type,
      appId,
      atMs: this.#wallTime.now(),
      skipped,
      content,
      bytes: entryBytes(content),
    };
    (troubles.has(type) ? this.#trouble : this.#routine).push(entry);
  }

  /** Entries from this number on, in ascending order. */
  *from(seq: number, scope: ConsoleScope): Generator<ConsoleEntry, void> {
    const rings = this.#ringsOf(scope).map((ring) => ring.from(seq));
    for (const entry of merge(rings, (a, b) => a.seq < b.seq)) if (isIn(entry, scope)) yield entry;
  }

  /** Entries before this number, in descending order. */
  *before(seq: number, scope: ConsoleScope): Generator<ConsoleEntry, void> {
    const rings = this.#ringsOf(scope).map((ring) => ring.before(seq));
    for (const entry of merge(rings, (a, b) => a.seq > b.seq)) if (isIn(entry, scope)) yield entry;
  }

  /**
   * An upper bound for the number of entries from this number on that have been deleted. It is not exact, because their
   * types are no longer known. 0 is exact.
   */
  goneSince(seq: number, scope: ConsoleScope): number {
    const from = Math.max(seq, this.#firstSeq);
    if (this.#ringsOf(scope).every((ring) => ring.lostSeq < from)) return 0;
    let kept = 0;
    for (const ring of [this.#routine, this.#trouble]) kept += ring.countFrom(from);
    return this.#nextSeq - from - kept;
  }

  /** Since when all entries are kept, except the skipped ones, in milliseconds since 1970. */
  keptSinceMs(scope: ConsoleScope): number {
    const lost = this.#ringsOf(scope).map((ring) =>
      ring.lostSeq < 0 ? this.#startedAtMs : (ring.oldest?.atMs ?? this.#wallTime.now()),
    );
    return Math.max(...lost, this.#startedAtMs);
  }

  /** Stops all timers. */
  close(): void {
    this.#time.ticker.close();
  }

  /** Adds a gap at the end of a burst. Otherwise its skipped entries would be reported only with the next entry. */
  #addGap(budget: TypeBudget): void {
    if (budget.skipped === 0) return;
    this.add(budget, '', { kind: 'gap' });
    this.#added();
  }

  #ringsOf({ types }: ConsoleScope): readonly Ring<ConsoleEntry>[] {
    if (types === undefined) return [this.#routine, this.#trouble];
    const wanted = [...types];
    return [
      ...(wanted.some((type) => !troubles.has(type)) ? [this.#routine] : []),
      ...(wanted.some((type) => troubles.has(type)) ? [this.#trouble] : []),
    ];
  }
}

function isIn({ appId, type, content }: ConsoleEntry, scope: ConsoleScope): boolean {
  const isOfApp = scope.appId === undefined || scope.appId === appId || content.kind === 'gap';
  return isOfApp && (scope.types?.has(type) ?? true);
}

/** Merges ordered sources. */
function* merge(
  sources: readonly Generator<ConsoleEntry, void>[],
  isFirst: (a: ConsoleEntry, b: ConsoleEntry) => boolean,
): Generator<ConsoleEntry, void> {
  const heads = sources.map((source) => ({ source, entry: source.next().value }));
  for (;;) {
    let first: (typeof heads)[number] | undefined;
    let taken: ConsoleEntry | undefined;
    for (const head of heads) {
      const { entry } = head;
      if (entry !== undefined && (taken === undefined || isFirst(entry, taken))) {
        first = head;
        taken = entry;
      }
    }
    if (first === undefined || taken === undefined) return;
    first.entry = first.source.next().value;
    yield taken;
  }
}
