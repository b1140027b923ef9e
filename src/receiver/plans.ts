import { checkPlan } from './check.ts';
import type { Answer, PlannedAnswer } from './types.ts';

/** The answers that were planned, in their order. */
export class Plans {
  #queue: { readonly answer: Answer; left: number }[] = [];

  /** Throws when the plan cannot be followed. */
  add(plan: PlannedAnswer): void {
    checkPlan(plan);
    const { times = Infinity, ...answer } = plan;
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
