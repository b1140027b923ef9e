import * as fc from 'fast-check';

/** One step of a random sequence. It prints as a call. */
export type Step<T> = ((world: T) => void | Promise<void>) & { toString(): string };

export function step<T>(text: string, run: (world: T) => void | Promise<void>): Step<T> {
  const toString = (): string => text;
  return Object.assign((world: T) => run(world), { toString, [fc.toStringMethod]: toString });
}
