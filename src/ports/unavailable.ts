/**
 * The result when the state is not, or not completely, known at the moment. It means neither yes nor no: the caller should try
 * again later.
 */
export const unavailable: unique symbol = Symbol('unavailable');

export type Unavailable = typeof unavailable;

export function isUnavailable(answer: unknown): answer is Unavailable {
  return answer === unavailable;
}

/** All results, or `unavailable` if one of them is. */
export function allOf<T>(answers: readonly (T | Unavailable)[]): readonly T[] | Unavailable {
  const known: T[] = [];
  for (const answer of answers) {
    if (isUnavailable(answer)) return unavailable;
    known.push(answer);
  }
  return known;
}
