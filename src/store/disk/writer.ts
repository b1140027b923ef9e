import type { Cancel, Clock } from '../../ports/clock.ts';
import { ChangeBuffer, type Changes } from './changes.ts';
import type { Key, Table } from './tables.ts';

/** What happens to changes that are being written. */
export interface Progress {
  /** They are in the file, as the operating system sees it: the end of this process does not undo them. */
  readonly visible: () => void;
  /** They are on the disk itself, or could not be written, for this reason. Called once, and last. */
  readonly ended: (failure: string | undefined) => void;
}

/** Writes changes in one transaction: all of them or none. */
export type Commit = (changes: Changes, progress: Progress) => void;

export interface WriterOptions {
  /** What is waited for: that the changes outlive this process, or a power cut. */
  readonly sync: 'process' | 'disk';
  readonly clock: Clock;
  /** Runs something when this turn of the event loop is over. */
  readonly endOfTurn: (run: () => void) => void;
  readonly commit: Commit;
  readonly onFailure: (reason: string) => void;
  readonly onRecovery: () => void;
  /** Puts what is to be written, too, right before it is. */
  readonly prepare: () => void;
}

/** What somebody waits for can wait for so long that others join it. */
const soonMs = 5;
/** What nobody waits for. */
const lateMs = 20;
const firstRetryMs = 100;
const longestRetryMs = 5000;
/**
 * So many transactions may be under way. A transaction takes a thread of libuv's four until it is on the disk, and the
 * next one can begin as soon as it is visible: on a slow disk nobody waits for what others have written.
 */
const mostUnderWay = 2;

/** Somebody waits for changes; all who wait for the same share one promise. */
interface Awaited {
  readonly promise: Promise<boolean>;
  readonly resolve: (isSafe: boolean) => void;
}

/** A transaction under way. */
interface Flight {
  readonly changes: Changes;
  readonly awaited: Awaited;
  isVisible: boolean;
  hasEnded: boolean;
}

/**
 * Decides when what is buffered is written, and who is told. One flush is one transaction, and one begins only after
 * the one before can be seen: what a crash leaves is all flushes up to some moment. What could not be written goes
 * back into the buffer and is tried again.
 */
export class Writer {
  readonly #options: WriterOptions;
  readonly #buffer = new ChangeBuffer();
  /** Oldest first. */
  readonly #flights: Flight[] = [];
  #awaited: Awaited | undefined;
  /** When the buffer is to be written, and the end of the timer for it. */
  #dueAt = Infinity;
  #cancelTimer: Cancel | undefined;
  #isTurnAwaited = false;
  /** The buffer was due, but too much was under way. */
  #isOverdue = false;
  #failure: string | undefined;
  #retryMs = firstRetryMs;
  #isClosing = false;
  #idle: (() => void) | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Why writing fails at the moment. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Notes that this number was on disk from the start. */
  found(table: Table, key: number): void {
    this.#buffer.found(table, key);
  }

  put(table: Table, key: Key, value: string): void {
    this.#buffer.put(table, key, value);
    if (this.#dueAt === Infinity) this.#planIn(lateMs);
  }

  remove(table: Table, key: Key): void {
    this.#buffer.remove(table, key);
    if (this.#dueAt === Infinity) this.#planIn(lateMs);
  }

  /** Resolves true once all that was said so far is safe, false if writing fails. Never rejects. */
  safe(urgency: 'now' | 'soon'): Promise<boolean> {
    if (this.#failure !== undefined) return Promise.resolve(false);
    // Nothing is planned and nothing is written for who waits for what is already written.
    if (this.#buffer.isEmpty) return this.#flights.at(-1)?.awaited.promise ?? Promise.resolve(true);
    this.#awaited ??= createAwaited();
    if (urgency === 'soon') this.#planIn(soonMs);
    else if (!this.#isTurnAwaited) {
      this.#isTurnAwaited = true;
      this.#options.endOfTurn(() => {
        this.#isTurnAwaited = false;
        this.#flush();
      });
    }
    return this.#awaited.promise;
  }

  /** Writes what is left and waits for it; says how many keys could not be written. */
  async close(): Promise<number> {
    this.#isClosing = true;
    await this.#nothingUnderWay();
    // Once more, even if it has failed so far: space may have been made for it.
    this.#write();
    await this.#nothingUnderWay();
    return this.#buffer.size;
  }

  /** Has the buffer written in so many milliseconds at the latest. While writing fails, the next attempt decides. */
  #planIn(delayMs: number): void {
    if (this.#failure !== undefined) return;
    const dueAt = this.#options.clock.now() + delayMs;
    if (dueAt >= this.#dueAt) return;
    this.#wake(dueAt, delayMs);
  }

  #wake(dueAt: number, delayMs: number): void {
    this.#cancelTimer?.();
    this.#dueAt = dueAt;
    this.#cancelTimer = this.#options.clock.after(delayMs, () => {
      this.#cancelTimer = undefined;
      this.#dueAt = Infinity;
      if (this.#failure === undefined) this.#flush();
      else this.#retry();
    });
  }

  /** Writes the buffer, or has it written as soon as there is room for another transaction. */
  #flush(): void {
    if (this.#failure !== undefined) return;
    if (this.#buffer.isEmpty) {
      this.#answerForNothing();
      return;
    }
    const isRoom = this.#flights.length < mostUnderWay && (this.#flights.at(-1)?.isVisible ?? true);
    this.#isOverdue = !isRoom;
    if (isRoom) this.#write();
  }

  #retry(): void {
    // All that is under way goes back into the buffer, or is written; that decides what is left.
    if (this.#flights.length > 0) this.#isOverdue = true;
    else this.#write();
  }

  #write(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#dueAt = Infinity;
    this.#isOverdue = false;
    if (this.#buffer.isEmpty) {
      this.#recover();
      this.#answerForNothing();
      return;
    }
    this.#options.prepare();
    // Whoever asks while this is under way waits for the same, so there is a promise from the start: one a flush.
    const awaited = this.#awaited ?? createAwaited();
    this.#awaited = undefined;
    const flight: Flight = { changes: this.#buffer.take(), awaited, isVisible: false, hasEnded: false };
    this.#flights.push(flight);
    this.#options.commit(flight.changes, {
      visible: () => this.#visible(flight),
      ended: (failure) => (failure === undefined ? this.#ended(flight) : this.#failed(flight, failure)),
    });
  }

  /** What was waited for has come and gone before it was written. */
  #answerForNothing(): void {
    const awaited = this.#awaited;
    this.#awaited = undefined;
    if (awaited !== undefined) void this.safe('soon').then(awaited.resolve);
  }

  #visible(flight: Flight): void {
    if (flight.isVisible) return;
    flight.isVisible = true;
    if (this.#options.sync === 'process') flight.awaited.resolve(true);
    this.#goOn();
  }

  #ended(flight: Flight): void {
    flight.isVisible = true;
    flight.hasEnded = true;
    // In order: a later one is safe only if the earlier ones are.
    while (this.#flights[0]?.hasEnded === true) this.#flights.shift()?.awaited.resolve(true);
    if (this.#flights.length === 0) this.#recover();
    this.#goOn();
  }

  #failed(flight: Flight, reason: string): void {
    const at = this.#flights.indexOf(flight);
    this.#flights.splice(at, 1);
    this.#buffer.giveBack(
      flight.changes,
      this.#flights.slice(at).map(({ changes }) => changes),
    );
    const isFirst = this.#failure === undefined;
    this.#failure = reason;
    // What was written later may be safe by itself, but not all that was said before it.
    flight.awaited.resolve(false);
    for (const later of this.#flights.slice(at)) later.awaited.resolve(false);
    this.#awaited?.resolve(false);
    this.#awaited = undefined;
    if (!this.#isClosing) {
      this.#wake(this.#options.clock.now() + this.#retryMs, this.#retryMs);
      this.#retryMs = Math.min(longestRetryMs, 2 * this.#retryMs);
    }
    if (isFirst) this.#options.onFailure(reason);
    this.#goOn();
  }

  /** Nothing that failed is left to be written. */
  #recover(): void {
    // With a timer or overdue, what failed is still to be tried again.
    if (this.#failure === undefined || this.#cancelTimer !== undefined || this.#isOverdue) return;
    this.#failure = undefined;
    this.#retryMs = firstRetryMs;
    this.#options.onRecovery();
    if (!this.#buffer.isEmpty) this.#planIn(lateMs);
  }

  #goOn(): void {
    if (this.#isOverdue) {
      if (this.#failure === undefined) this.#flush();
      else this.#retry();
    }
    if (this.#flights.length === 0) this.#idle?.();
  }

  async #nothingUnderWay(): Promise<void> {
    this.#isOverdue = false;
    if (this.#flights.length === 0) return;
    await new Promise<void>((resolve) => (this.#idle = resolve));
  }
}

function createAwaited(): Awaited {
  let resolve: (isSafe: boolean) => void = () => {};
  const promise = new Promise<boolean>((settle) => (resolve = settle));
  return { promise, resolve };
}
