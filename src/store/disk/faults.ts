/** The parts of a thrown value that matter here. */
export interface ErrorFacts {
  readonly message: string;
  /** A system error name such as ENOENT, or a number: lmdb uses the system's numbers and its own below zero. */
  readonly code: string | number | undefined;
}

/** Reads the message and the code of an error. */
export function faultIn(error: unknown): ErrorFacts {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return { message, code: typeof code === 'string' || typeof code === 'number' ? code : undefined };
}
