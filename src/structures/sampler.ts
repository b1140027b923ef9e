import type { Cancel, Clock, Millis } from '../ports/clock.ts';

/** After something was said, what is equal to it is summed up for so long: a flood must not be a flood of lines. */
const sumUpForMs: Millis = 1000;

interface Open<Sum> {
  unsaid: Sum | undefined;
  cancel: Cancel;
}

/** Says the first of equal things at once, and those that follow within a second as one sum. */
export class Sampler<Sum> {
  readonly #clock: Clock;
  readonly #say: (sum: Sum) => void;
  readonly #open = new Map<string, Open<Sum>>();

  constructor(clock: Clock, say: (sum: Sum) => void) {
    this.#clock = clock;
    this.#say = say;
  }

  /** `key` is the same for equal things; there must be few of them. `add` adds this one to what is unsaid, if anything is. */
  add(key: string, add: (unsaid: Sum | undefined) => Sum): void {
    const open = this.#open.get(key);
    if (open === undefined) {
      this.#open.set(key, { unsaid: undefined, cancel: this.#lookLater(key) });
      this.#say(add(undefined));
    } else {
      open.unsaid = add(open.unsaid);
    }
  }

  /** Says what is still unsaid, and leaves no timer. */
  close(): void {
    for (const { unsaid, cancel } of this.#open.values()) {
      cancel();
      if (unsaid !== undefined) this.#say(unsaid);
    }
    this.#open.clear();
  }

  #lookLater(key: string): Cancel {
    return this.#clock.after(sumUpForMs, () => this.#look(key));
  }

  #look(key: string): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    const { unsaid } = open;
    if (unsaid === undefined) {
      this.#open.delete(key);
      return;
    }
    open.unsaid = undefined;
    open.cancel = this.#lookLater(key);
    this.#say(unsaid);
  }
}
