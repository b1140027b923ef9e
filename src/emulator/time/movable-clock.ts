import type { Cancel, Clock, Millis } from '../../ports/clock.ts';
import { DueHeap } from '../../structures/due-heap.ts';

interface Timer {
  /** Undefined after it has run or was cancelled. */
  run: (() => void) | undefined;
  readonly isBackground: boolean;
}

/** Cancelled timers stay in the heap until there are this many, and more than active ones. */
const mostCancelled = 1000;

/**
 * A clock that can be moved forward. A virtual clock only moves that way; a real clock also runs by itself. It starts at 0 and
 * never goes back. Timers for the same moment run in the order in which they were set.
 */
export class MovableClock implements Clock {
  readonly isVirtual: boolean;
  readonly #real: Clock;
  #timers = new DueHeap<Timer>();
  #cancelled = 0;
  /** The offset of `now` from the real clock; for a virtual clock the time itself. */
  #offset: Millis;
  #wake: { readonly at: Millis; readonly cancel: Cancel } | undefined;
  #isStopped = false;

  constructor(mode: 'real' | 'virtual', real: Clock) {
    this.isVirtual = mode === 'virtual';
    this.#real = real;
    this.#offset = this.isVirtual ? 0 : -real.now();
  }

  now(): Millis {
    return this.isVirtual ? this.#offset : this.#real.now() + this.#offset;
  }

  after(delayMs: Millis, run: () => void): Cancel {
    return this.#add(delayMs, { run, isBackground: false });
  }

  /** The same clock for timers that repeat forever: the clock is never moved only because of them. */
  get background(): Clock {
    return {
      now: () => this.now(),
      after: (delayMs, run) => this.#add(delayMs, { run, isBackground: true }),
    };
  }

  /** When the next timer is due; undefined if there is none. */
  get nextDueAt(): Millis | undefined {
    this.#forgetCancelled();
    return this.#timers.nextDueAt;
  }

  /** When the next timer is due, except background timers; undefined if there is none. */
  get nextAwaitedAt(): Millis | undefined {
    let next: Millis | undefined;
    this.#timers.some((timer, dueAt) => {
      const isAwaited = timer.run !== undefined && !timer.isBackground;
      if (isAwaited && (next === undefined || dueAt < next)) next = dueAt;
      return false;
    });
    return next;
  }

  /** Whether a timer other than background timers is due by then. */
  hasDueBy(at: Millis): boolean {
    return this.#timers.some((timer, dueAt) => dueAt <= at && timer.run !== undefined && !timer.isBackground);
  }

  /** Moves to the next timer that is due by then, and runs it. Returns false if there is none. */
  runNext(by: Millis): boolean {
    const dueAt = this.nextDueAt;
    if (dueAt === undefined || dueAt > by) return false;
    const timer = this.#timers.takeDue(dueAt);
    this.moveTo(dueAt);
    this.#run(timer);
    this.#arm();
    return true;
  }

  /** Moves forward without running timers. A moment in the past changes nothing. */
  moveTo(at: Millis): void {
    const ms = at - this.now();
    if (ms <= 0) return;
    this.#offset += ms;
    this.#wake?.cancel();
    this.#wake = undefined;
    this.#arm();
  }

  /** Runs no more timers. */
  stop(): void {
    this.#isStopped = true;
    this.#wake?.cancel();
    this.#timers = new DueHeap();
  }

  #add(delayMs: Millis, timer: Timer): Cancel {
    if (!this.#isStopped) {
      this.#timers.add(this.now() + Math.max(0, delayMs), timer);
      this.#arm();
    }
    return () => {
      if (timer.run === undefined) return;
      timer.run = undefined;
      this.#cancelled += 1;
      if (this.#cancelled > mostCancelled && this.#cancelled * 2 > this.#timers.size) this.#compact();
    };
  }

  #run(timer: Timer | undefined): void {
    const run = timer?.run;
    if (timer === undefined || run === undefined) return;
    timer.run = undefined;
    run();
  }

  /** A real clock waits for the next due timer, a virtual clock only for one that is due now. */
  #arm(): void {
    const at = this.#timers.nextDueAt;
    if (at === undefined || (this.#wake !== undefined && this.#wake.at <= at)) return;
    const waitMs = Math.max(0, at - this.now());
    if (this.isVirtual && waitMs > 0) return;
    this.#wake?.cancel();
    const cancel = this.#real.after(waitMs, () => {
      this.#wake = undefined;
      this.#runDue();
      this.#arm();
    });
    this.#wake = { at, cancel };
  }

  #runDue(): void {
    const now = this.now();
    for (let due = this.#timers.takeDue(now); due !== undefined; due = this.#timers.takeDue(now)) {
      if (due.run === undefined) this.#cancelled -= 1;
      this.#run(due);
    }
  }

  #forgetCancelled(): void {
    while (this.#timers.first !== undefined && this.#timers.first.run === undefined) {
      this.#timers.takeDue(Infinity);
      this.#cancelled -= 1;
    }
  }

  #compact(): void {
    const kept = new DueHeap<Timer>();
    for (let at = this.#timers.nextDueAt; at !== undefined; at = this.#timers.nextDueAt) {
      const timer = this.#timers.takeDue(at);
      if (timer?.run !== undefined) kept.add(at, timer);
    }
    this.#timers = kept;
    this.#cancelled = 0;
  }
}
