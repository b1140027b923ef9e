import type { Command } from 'commander';

/** A subcommand. Its file is imported only where it is called or explained. */
export interface Subcommand {
  /** Describes arguments, options and examples, and what is to be done. */
  define(command: Command): void;
}

/** Something that the user got wrong and that the command line's own checks cannot see: exit code 2. */
export class UsageError extends Error {}
