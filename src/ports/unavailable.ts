/**
 * The answer to a question that could not be asked, or to which the whole answer is not known at the moment. It says
 * neither yes nor no: whoever gets it asks again later.
 */
export const unavailable: unique symbol = Symbol('unavailable');

export type Unavailable = typeof unavailable;

export function isUnavailable(answer: unknown): answer is Unavailable {
  return answer === unavailable;
}

/** All the answers, unless one of them is unavailable. */
export function allOf<T>(answers: readonly (T | Unavailable)[]): readonly T[] | Unavailable {
  const known: T[] = [];
  for (const answer of answers) {
    if (isUnavailable(answer)) return unavailable;
    known.push(answer);
  }
  return known;
}
