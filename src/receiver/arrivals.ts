import { EmulatorError, type EmulatorErrorCode } from '../emulator/emulator-error.ts';
import { clearTimeout, setTimeout } from '../system/real.ts';
import type { ReceivedWait } from './types.ts';

const defaultTimeoutMs = 5000;

/** The longest delay of the runtime's timers. A longer one would fire immediately. */
const longestTimeoutMs = 2 ** 31 - 1;

/** How many of the arrived items an error shows. */
const shown = { items: 10, characters: 300 };

interface Waiter<T> {
  readonly look: (item: T) => void;
  readonly fail: (code: EmulatorErrorCode, why: string) => void;
}

/** The receiver does not know the emulator, which may run in another process. */
const clockAdvice =
  "A receiver does not move the clock. If the emulator has clock: 'virtual', use soketify.webhooks.waitFor(), which moves it, or call clock.advance() first.";

/** Items in the order of their arrival, and the waits for them. */
export class Arrivals<T> {
  readonly #about: string;
  readonly #limit: number;
  readonly #hint: () => string;
  readonly #items: T[] = [];
  readonly #waiters = new Set<Waiter<T>>();
  /** Why nothing more will arrive. */
  #end: Parameters<Waiter<T>['fail']> | undefined;

  /** `about` names an item in errors, `hint` is added to them; `limit` is how many items are remembered. */
  constructor(about: string, limit: number, hint: () => string = () => '') {
    this.#about = about;
    this.#limit = limit;
    this.#hint = hint;
  }

  get items(): readonly T[] {
    return this.#items;
  }

  push(item: T): void {
    this.#items.push(item);
    if (this.#items.length > this.#limit) this.#items.shift();
    for (const { look } of this.#waiters) look(item);
  }

  clear(): void {
    this.#items.length = 0;
  }

  /** Resolves with the nth matching item, past or future. */
  waitFor<Accepted extends T>(
    accepts: (item: T) => item is Accepted,
    { timeoutMs = defaultTimeoutMs, nth = 1 }: ReceivedWait,
  ): Promise<Accepted> {
    // Create the error here, so that its stack contains the caller.
    const caller = new Error();
    const past = this.#items.filter((item) => accepts(item));
    const found = past[nth - 1];
    if (found !== undefined) return Promise.resolve(found);
    let missing = nth - past.length;
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const waiter = {
        look: (item: T): void => {
          try {
            if (!accepts(item)) return;
            missing -= 1;
            if (missing > 0) return;
            end();
            resolve(item);
          } catch (error) {
            // A match that throws ends its own wait. The webhook has arrived, and other waits still see it.
            end();
            reject(error);
          }
        },
        fail: (code: EmulatorErrorCode, why: string): void => {
          end();
          const message = `${why}: no matching ${this.#about} arrived. ${this.#describe()}${this.#hint()}`;
          const advice = code === 'ERR_WEBHOOK_MISSING' ? `\n${clockAdvice}` : '';
          reject(calledFrom(caller, new EmulatorError(code, message + advice)));
        },
      };
      const timer = setTimeout(
        () => waiter.fail('ERR_WEBHOOK_MISSING', `timed out after ${timeoutMs} ms`),
        Math.min(timeoutMs, longestTimeoutMs),
      );
      this.#waiters.add(waiter);
      if (this.#end !== undefined) waiter.fail(...this.#end);
    });
  }

  /** Nothing more will arrive: pending and later waits fail. */
  fail(code: EmulatorErrorCode, why: string): void {
    this.#end = [code, why];
    for (const waiter of this.#waiters) waiter.fail(code, why);
  }

  #describe(): string {
    if (this.#items.length === 0) return 'None arrived.';
    const last = this.#items
      .slice(-shown.items)
      .map((item) => `  ${JSON.stringify(item).slice(0, shown.characters)}`);
    return `The last of the ${this.#items.length} that arrived:\n${last.join('\n')}`;
  }
}

/** The error, with the stack frames of the caller. */
function calledFrom({ stack = '' }: Error, error: EmulatorError): EmulatorError {
  error.stack = [`${error.name}: ${error.message}`, ...stack.split('\n').slice(1)].join('\n');
  return error;
}
