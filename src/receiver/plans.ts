import { checkPlan } from './check.ts';
import type { Answer, PlannedAnswer } from './types.ts';

/** The planned answers, in their order. */
export class Plans {
  #queue: { readonly answer: Answer; left: number }[] = [];

  /** Throws if the plan is invalid. */
  add(plan: PlannedAnswer): void {
    checkPlan(plan);
    const { times = Infinity, ...answer } = plan;
    this.#queue = this.#queue.filter(({ left }) => left !== Infinity);
    this.#queue.push({ answer, left: times });
  }

  /** The planned answer to the current request, if any. */
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
