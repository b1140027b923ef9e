import type { Cancel, Clock } from '../../ports/clock.ts';
import { ChangeBuffer, type Changes } from './changes.ts';
import type { Key, Table } from './tables.ts';

/** Callbacks for changes that are being written. */
export interface Progress {
  /** They are in the file as the operating system sees it: the end of this process does not undo them. */
  readonly visible: () => void;
  /** They are on the disk itself, or could not be written for this reason. Called once, and last. */
  readonly ended: (failure: string | undefined) => void;
}

/** Writes changes in one transaction, all or none. */
export type Commit = (changes: Changes, progress: Progress) => void;

export interface WriterOptions {
  /** What to wait for: that changes outlive this process (`process`), or a power failure as well (`disk`). */
  readonly sync: 'process' | 'disk';
  readonly clock: Clock;
  /** Runs a function at the end of this turn of the event loop. */
  readonly endOfTurn: (run: () => void) => void;
  readonly commit: Commit;
  readonly onFailure: (reason: string) => void;
  readonly onRecovery: () => void;
  /** Called right before each write, to add changes to it. */
  readonly prepare: () => void;
}

/** The delay of an awaited write, which lets others join it. */
const soonMs = 5;
/** The delay of a write that nobody waits for. */
const lateMs = 20;
const firstRetryMs = 100;
const longestRetryMs = 5000;
/**
 * The maximum number of concurrent transactions. A transaction occupies one of libuv's four threads until it is on the disk,
 * and the next one can begin once it is visible. On a slow disk, no caller has to wait for the writes of others.
 */
const mostUnderWay = 2;

/** A promise for changes. All who wait for the same changes share it. */
interface Awaited {
  readonly promise: Promise<boolean>;
  readonly resolve: (isSafe: boolean) => void;
}

/** A transaction in progress. */
interface Flight {
  readonly changes: Changes;
  readonly awaited: Awaited;
  isVisible: boolean;
  hasEnded: boolean;
}

/**
 * Decides when buffered changes are written, and reports the result. One flush is one transaction, and it begins only after the
 * previous one is visible, so that a crash leaves all flushes up to some point. Changes that could not be written go back into
 * the buffer and are retried.
 */
export class Writer {
  readonly #options: WriterOptions;
  readonly #buffer = new ChangeBuffer();
  /** The oldest first. */
  readonly #flights: Flight[] = [];
  #awaited: Awaited | undefined;
  /** When to write the buffer, and how to cancel the timer for that. */
  #dueAt = Infinity;
  #cancelTimer: Cancel | undefined;
  #isTurnAwaited = false;
  /** The buffer was due, but too many transactions were in progress. */
  #isOverdue = false;
  #failure: string | undefined;
  #retryMs = firstRetryMs;
  #isClosing = false;
  #idle: (() => void) | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Why writing currently fails. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Records that this number was on disk from the start. */
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

  /** Resolves to true once everything so far is safe, to false if writing fails. Never rejects. */
  safe(urgency: 'now' | 'soon'): Promise<boolean> {
    if (this.#failure !== undefined) return Promise.resolve(false);
    // All changes are written or being written, so nothing has to be planned.
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

  /** Writes all changes and waits for that. Returns how many keys could not be written. */
  async close(): Promise<number> {
    this.#isClosing = true;
    await this.#nothingUnderWay();
    // Once more, even if it has failed so far: there may be free space now.
    this.#write();
    await this.#nothingUnderWay();
    return this.#buffer.size;
  }

  /** Plans a write of the buffer after at most `delayMs`. While writing fails, the next retry decides instead. */
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

  /** Writes the buffer, or plans that for when another transaction can begin. */
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
    // The transactions in progress succeed or return their changes to the buffer. After that it is clear what is left.
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
    // Callers that ask while this is in progress share its promise, so each flush has one from the start.
    const awaited = this.#awaited ?? createAwaited();
    this.#awaited = undefined;
    const flight: Flight = { changes: this.#buffer.take(), awaited, isVisible: false, hasEnded: false };
    this.#flights.push(flight);
    this.#options.commit(flight.changes, {
      visible: () => this.#visible(flight),
      ended: (failure) => (failure === undefined ? this.#ended(flight) : this.#failed(flight, failure)),
    });
  }

  /** The awaited changes cancelled each other out before they were written. */
  #answerForNothing(): void {
    const awaited = this.#awaited;
    this.#awaited = undefined;
    if (awaited !== undefined) void this.safe('soon').then(awaited.resolve);
  }

  #visible(flight: Flight): void {
    if (flight.isVisible) return;
    flight.isVisible = true;
    if (this.#options.sync === 'process') flight.awaited.resolve(true);
    this.#continue();
  }

  #ended(flight: Flight): void {
    flight.isVisible = true;
    flight.hasEnded = true;
    // In order: a later transaction is safe only if the earlier ones are.
    while (this.#flights[0]?.hasEnded === true) this.#flights.shift()?.awaited.resolve(true);
    if (this.#flights.length === 0) this.#recover();
    this.#continue();
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
    // Later writes may be safe by themselves, but not everything before them.
    flight.awaited.resolve(false);
    for (const later of this.#flights.slice(at)) later.awaited.resolve(false);
    this.#awaited?.resolve(false);
    this.#awaited = undefined;
    if (!this.#isClosing) {
      this.#wake(this.#options.clock.now() + this.#retryMs, this.#retryMs);
      this.#retryMs = Math.min(longestRetryMs, 2 * this.#retryMs);
    }
    if (isFirst) this.#options.onFailure(reason);
    this.#continue();
  }

  /** Ends the failure if nothing that failed is left to be written. */
  #recover(): void {
    // A timer, or an overdue buffer, means that there is still something to retry.
    if (this.#failure === undefined || this.#cancelTimer !== undefined || this.#isOverdue) return;
    this.#failure = undefined;
    this.#retryMs = firstRetryMs;
    this.#options.onRecovery();
    if (!this.#buffer.isEmpty) this.#planIn(lateMs);
  }

  #continue(): void {
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
