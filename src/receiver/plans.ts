import type { Answer, PlannedAnswer } from './types.ts';

/** The answers that were planned, in their order. */
export class Plans {
  #queue: { readonly answer: Answer; left: number }[] = [];

  /** Throws a RangeError when the plan cannot be followed. */
  add({ times = Infinity, ...answer }: PlannedAnswer): void {
    if (times !== Infinity && !(Number.isSafeInteger(times) && times > 0)) {
      throw new RangeError(`times: expected a whole number from 1, got ${times}`);
    }
    checkAnswer(answer);
    this.#queue = this.#queue.filter(({ left }) => left !== Infinity);
    this.#queue.push({ answer, left: times });
  }

  /** The answer to the request that has just come, if one is planned. */
  take(): Answer | undefined {
    const first = this.#queue[0];
    if (first === undefined) return undefined;
    first.left -= 1;
    if (first.left === 0) this.#queue.shift();
    return first.answer;
  }

  clear(): void {
    this.#queue = [];
  }
}

/** Throws a RangeError for what HTTP or a timer cannot do. */
export function checkAnswer({ status = 200, delayMs = 0 }: Answer): void {
  if (typeof status === 'number' && !(Number.isInteger(status) && status >= 200 && status <= 599)) {
    throw new RangeError(`status: expected a number from 200 to 599, 'hang' or 'reset', got ${status}`);
  }
  if (!(delayMs >= 0 && delayMs <= 86_400_000)) {
    throw new RangeError(`delayMs: expected milliseconds from 0 to 86400000, got ${delayMs}`);
  }
}
