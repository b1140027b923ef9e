import type { ConsoleRow, ConsoleRows, ConsoleType } from '../views/server.ts';
import type { Cancel, Clock } from '../ports/clock.ts';
import type { TurnBudget } from '../structures/turn-budget.ts';
import type { ConsoleEntry } from './console-entry.ts';
import { ConsoleLog, type ConsoleLogOptions, type ConsoleScope } from './console-log.ts';
import { itemOf, rowOf } from './console-row.ts';
import type { Search } from './search.ts';

/** What the feed is made with. */
export interface ConsoleFeedOptions extends ConsoleLogOptions {
  readonly clock: Clock;
  /** Whether payloads may be shown. */
  readonly showsPayloads: boolean;
  /** Reading far back takes many turns of the event loop: a step for each row that is looked at. */
  readonly budget: TurnBudget;
}

/** Which rows are wanted. */
export interface ConsoleFilter extends ConsoleScope {
  readonly query?: Search | undefined;
}

/** Which rows of the past are wanted. */
export interface ConsoleRequest extends ConsoleFilter {
  /** The number of a row: those before it. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Somebody who looks on. */
export interface ConsoleListener extends ConsoleFilter {
  /** The number of the last row that was seen, such as `Last-Event-ID`; without it rows begin now. */
  readonly since?: number | undefined;
  /** Takes what is new, up to this number. False: no more is taken until the subscription is resumed. */
  hear(rows: ConsoleRows, lastSeq: number): boolean;
}

/** A stream of rows to a listener. */
export interface ConsoleSubscription {
  /** Goes on after the listener has taken no more; what is not kept any more by then is skipped. */
  resume(): void;
  close(): void;
}

/** Why somebody may not listen. */
export interface ConsoleFull {
  readonly message: string;
}

/** So many may look on at once. */
export const mostListeners = 16;

/** How often a second they are told what is new. */
const batchMs = 100;

/** The most rows in a batch: a person reads no more, and the newest count. */
const mostRows = 200;

/** So many rows are looked at before others have their turn. */
const inATurn = 100;

interface Open {
  readonly listener: ConsoleListener;
  /** The number of the first entry that it has not been told. */
  next: number;
  isPaused: boolean;
  isRestarted: boolean;
}

/** Whether somebody was refused. */
export function isConsoleFull(answer: ConsoleSubscription | ConsoleFull): answer is ConsoleFull {
  return 'message' in answer;
}

/** The rows of the debug console: those of the past, and a live stream. */
export class ConsoleFeed {
  readonly #options: ConsoleFeedOptions;
  readonly log: ConsoleLog;
  readonly #open = new Set<Open>();
  #cancel: Cancel | undefined;

  constructor(options: ConsoleFeedOptions) {
    this.#options = options;
    this.log = new ConsoleLog(options, () => this.added());
  }

  /** How many look on. */
  get listeners(): number {
    return this.#open.size;
  }

  /** Rows of the past, the newest last. */
  async read({ before = Infinity, limit, ...filter }: ConsoleRequest): Promise<ConsoleRows> {
    const entries: ConsoleEntry[] = [];
    let skipped = 0;
    let at = before;
    for (let isMore = true; isMore && entries.length < limit;) {
      if (at < before) await this.#options.budget.step(Math.min(inATurn, this.#options.budget.perTurn));
      let looked = 0;
      for (const entry of this.log.before(at, filter)) {
        at = entry.seq;
        looked += 1;
        skipped += entry.skipped;
        if (this.#matches(entry, filter)) entries.push(entry);
        if (looked === inATurn || entries.length === limit) break;
      }
      isMore = looked === inATurn;
    }
    const rows = entries.map((entry) => this.#row(entry)).toReversed();
    return { rows, skipped, keptSinceMs: this.log.keptSinceMs(filter) };
  }

  /** Tells a listener what is new, and what it has missed. Nobody is refused while fewer than 16 look on. */
  subscribe(listener: ConsoleListener): ConsoleSubscription | ConsoleFull {
    if (this.#open.size >= mostListeners) {
      return {
        message: `${mostListeners} pages are looking on already, and no more are served: close one of them`,
      };
    }
    const { firstSeq, nextSeq } = this.log;
    const { since } = listener;
    const isRestarted = since !== undefined && (since < firstSeq - 1 || since >= nextSeq);
    const next = since === undefined ? nextSeq : isRestarted ? firstSeq : since + 1;
    const open: Open = { listener, next, isPaused: false, isRestarted };
    this.#open.add(open);
    if (since !== undefined) this.#tellSoon();
    return {
      resume: () => {
        if (!open.isPaused) return;
        open.isPaused = false;
        this.#tellSoon();
      },
      close: () => {
        this.#open.delete(open);
        if (this.#open.size === 0) this.#stop();
      },
    };
  }

  /** Something was added. */
  readonly added = (): void => {
    if (this.#open.size > 0) this.#tellSoon();
  };

  /** Leaves no timer, and tells nobody any more. */
  close(): void {
    this.#open.clear();
    this.#stop();
    this.log.close();
  }

  #stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #tellSoon(): void {
    this.#cancel ??= this.#options.clock.after(batchMs, () => {
      this.#cancel = undefined;
      for (const open of this.#open) if (!open.isPaused) this.#tell(open);
    });
  }

  #tell(open: Open): void {
    const { listener, isRestarted, next } = open;
    if (next === this.log.nextSeq && !isRestarted) return;
    const matching: ConsoleEntry[] = [];
    let skipped = this.log.goneSince(next, listener);
    for (const entry of this.log.from(next, listener)) {
      skipped += entry.skipped;
      if (this.#matches(entry, listener)) matching.push(entry);
    }
    const shown = matching.slice(-mostRows);
    skipped += matching.length - shown.length;
    open.next = this.log.nextSeq;
    open.isRestarted = false;
    if (shown.length === 0 && skipped === 0 && !isRestarted) return;
    const news: ConsoleRows = {
      rows: shown.map((entry) => this.#row(entry)),
      skipped,
      keptSinceMs: this.log.keptSinceMs(listener),
      ...(isRestarted && { isRestarted }),
    };
    const isTaken = listener.hear(news, open.next - 1);
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

/** The types that a text names, separated by commas; of those that there are not, the first is the fault. */
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
