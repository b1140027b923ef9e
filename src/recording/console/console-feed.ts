import type { ConsoleRow, ConsoleRows, ConsoleType } from '../../views/server.ts';
import type { Cancel, Clock } from '../../ports/clock.ts';
import type { TurnBudget } from '../../structures/turn-budget.ts';
import type { ConsoleEntry } from './console-entry.ts';
import { ConsoleLog, type ConsoleLogOptions, type ConsoleScope } from './console-log.ts';
import { itemOf, rowOf } from './console-row.ts';
import type { Search } from '../search.ts';

/** What a feed needs. */
export interface ConsoleFeedOptions extends ConsoleLogOptions {
  readonly clock: Clock;
  /** Whether payloads may be shown. */
  readonly showsPayloads: boolean;
  /** Spreads a long read over many turns of the event loop. Each row that is examined takes a step. */
  readonly budget: TurnBudget;
}

/** Selects rows. */
export interface ConsoleFilter extends ConsoleScope {
  readonly query?: Search | undefined;
}

/** A request for past rows. */
export interface ConsoleRequest extends ConsoleFilter {
  /** Only rows before the row with this number. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** A listener of the live stream. */
export interface ConsoleListener extends ConsoleFilter {
  /** The number of the last row that the listener saw, such as `Last-Event-ID`. Without it, rows start now. */
  readonly since?: number | undefined;
  /** Receives new rows up to this number. If it returns false, it receives no more until the subscription is resumed. */
  onRows(rows: ConsoleRows, lastSeq: number): boolean;
}

/** The subscription of a listener. */
export interface ConsoleSubscription {
  /** Continues after the listener returned false. Rows that are no longer kept are skipped. */
  resume(): void;
  close(): void;
}

/** The refusal of a listener. */
export interface ConsoleFull {
  readonly message: string;
}

/** The most listeners at once. */
export const maxListeners = 16;

/** How long new rows are collected before listeners receive them. */
const batchMs = 100;

/** The most rows in a batch. A person cannot read more, so older ones are skipped. */
const maxRows = 200;

/** How many rows are examined before other work gets a turn. */
const inATurn = 100;

interface Open {
  readonly listener: ConsoleListener;
  /** The number of the first entry that it has not received. */
  next: number;
  isPaused: boolean;
  isRestarted: boolean;
}

/** Whether a listener was refused. */
export function isConsoleFull(answer: ConsoleSubscription | ConsoleFull): answer is ConsoleFull {
  return 'message' in answer;
}

/** The rows of the debug console: past rows and a live stream. */
export class ConsoleFeed {
  readonly #options: ConsoleFeedOptions;
  readonly log: ConsoleLog;
  readonly #open = new Set<Open>();
  #cancel: Cancel | undefined;

  constructor(options: ConsoleFeedOptions) {
    this.#options = options;
    this.log = new ConsoleLog(options, () => this.added());
  }

  /** The number of listeners. */
  get listeners(): number {
    return this.#open.size;
  }

  /** Reads past rows, newest last. */
  async read({ before = Infinity, limit, ...filter }: ConsoleRequest): Promise<ConsoleRows> {
    const entries: ConsoleEntry[] = [];
    let skipped = 0;
    let at = before;
    for (let isMore = true; isMore && entries.length < limit;) {
      if (at < before) await this.#options.budget.step(Math.min(inATurn, this.#options.budget.perTurn));
      let examined = 0;
      for (const entry of this.log.before(at, filter)) {
        at = entry.seq;
        examined += 1;
        skipped += entry.skipped;
        if (this.#matches(entry, filter)) entries.push(entry);
        if (examined === inATurn || entries.length === limit) break;
      }
      isMore = examined === inATurn;
    }
    const rows = entries.map((entry) => this.#row(entry)).toReversed();
    return { rows, skipped, keptSinceMs: this.log.keptSinceMs(filter) };
  }

  /** Subscribes a listener to new rows, after those that it has missed. It is refused if there are 16 already. */
  subscribe(listener: ConsoleListener): ConsoleSubscription | ConsoleFull {
    if (this.#open.size >= maxListeners) {
      return {
        message: `the live stream has ${maxListeners} readers already, which is the limit: close another page of the Dashboard or another reader`,
      };
    }
    const { firstSeq, nextSeq } = this.log;
    const { since } = listener;
    const isRestarted = since !== undefined && (since < firstSeq - 1 || since >= nextSeq);
    const next = since === undefined ? nextSeq : isRestarted ? firstSeq : since + 1;
    const open: Open = { listener, next, isPaused: false, isRestarted };
    this.#open.add(open);
    if (since !== undefined) this.#emitSoon();
    return {
      resume: () => {
        if (!open.isPaused) return;
        open.isPaused = false;
        this.#emitSoon();
      },
      close: () => {
        this.#open.delete(open);
        if (this.#open.size === 0) this.#stop();
      },
    };
  }

  /** Must be called after an entry was added. */
  readonly added = (): void => {
    if (this.#open.size > 0) this.#emitSoon();
  };

  /** Ends all subscriptions and stops all timers. */
  close(): void {
    this.#open.clear();
    this.#stop();
    this.log.close();
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #emitSoon(): void {
    this.#cancel ??= this.#options.clock.after(batchMs, () => {
      this.#cancel = undefined;
      for (const open of this.#open) if (!open.isPaused) this.#emit(open);
    });
  }

  #emit(open: Open): void {
    const { listener, isRestarted, next } = open;
    if (next === this.log.nextSeq && !isRestarted) return;
    const matching: ConsoleEntry[] = [];
    let skipped = this.log.goneSince(next, listener);
    for (const entry of this.log.from(next, listener)) {
      skipped += entry.skipped;
      if (this.#matches(entry, listener)) matching.push(entry);
    }
    const shown = matching.slice(-maxRows);
    skipped += matching.length - shown.length;
    open.next = this.log.nextSeq;
    open.isRestarted = false;
    if (shown.length === 0 && skipped === 0 && !isRestarted) return;
    const rows: ConsoleRows = {
      rows: shown.map((entry) => this.#row(entry)),
      skipped,
      keptSinceMs: this.log.keptSinceMs(listener),
      ...(isRestarted && { isRestarted }),
    };
    const isTaken = listener.onRows(rows, open.next - 1);
    open.isPaused = !isTaken;
  }

  #matches(entry: ConsoleEntry, { query }: ConsoleFilter): boolean {
    if (entry.content.kind === 'gap') return false;
    return query === undefined || query.matches(itemOf(entry, this.#options.showsPayloads));
  }

  #row(entry: ConsoleEntry): ConsoleRow {
    return rowOf(entry, this.#options.showsPayloads);
  }
}

/** Parses types that are separated by commas. The first unknown type is a fault. */
export function parseConsoleTypes(
  text: string,
  known: readonly ConsoleType[],
): ReadonlySet<ConsoleType> | { readonly message: string } {
  const types = new Set<ConsoleType>();
  for (const name of text.split(',').map((one) => one.trim())) {
    const type = known.find((one) => one === name);
    if (type === undefined) {
      return { message: `types: expected some of ${known.join(', ')}, got '${name.slice(0, 40)}'` };
    }
    types.add(type);
  }
  return types;
}
