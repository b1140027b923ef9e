/** What is thrown, whatever threw it. */
export interface Fault {
  readonly message: string;
  /** A name of the system's, such as ENOENT, or a number: lmdb gives the system's own, or one below zero. */
  readonly code: string | number | undefined;
}

/** What an error says. */
export function faultIn(error: unknown): Fault {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return { message, code: typeof code === 'string' || typeof code === 'number' ? code : undefined };
}
