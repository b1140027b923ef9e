import { isUnavailable, type Unavailable } from '../../src/ports/unavailable.ts';

/** Unwraps an answer that the test relies on. */
export function known<T>(answer: T | Unavailable): T {
  if (isUnavailable(answer)) throw new Error('the answer is unavailable');
  return answer;
}
