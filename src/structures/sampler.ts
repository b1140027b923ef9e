import type { Cancel, Clock, Millis } from '../ports/clock.ts';

/** After a report, equal things are summed up for this long: a flood of events must not become a flood of log lines. */
const sumUpForMs: Millis = 1000;

interface Open<Sum> {
  unreported: Sum | undefined;
  cancel: Cancel;
}

/** Reports the first of equal things immediately, and those that follow within a second as one sum. */
export class Sampler<Sum> {
  readonly #clock: Clock;
  readonly #report: (sum: Sum) => void;
  readonly #open = new Map<string, Open<Sum>>();

  constructor(clock: Clock, report: (sum: Sum) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** `key` is the same for equal things; there must be few keys. `add` adds one to the unreported sum, if there is one. */
  add(key: string, add: (unreported: Sum | undefined) => Sum): void {
    const open = this.#open.get(key);
    if (open === undefined) {
      this.#open.set(key, { unreported: undefined, cancel: this.#lookLater(key) });
      this.#report(add(undefined));
    } else {
      open.unreported = add(open.unreported);
    }
  }

  /** Reports what is still unreported, and cancels all timers. */
  close(): void {
    for (const { unreported, cancel } of this.#open.values()) {
      cancel();
      if (unreported !== undefined) this.#report(unreported);
    }
    this.#open.clear();
  }

  #lookLater(key: string): Cancel {
    return this.#clock.after(sumUpForMs, () => this.#look(key));
  }

  #look(key: string): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    const { unreported } = open;
    if (unreported === undefined) {
      this.#open.delete(key);
      return;
    }
    open.unreported = undefined;
    open.cancel = this.#lookLater(key);
    this.#report(unreported);
  }
}
