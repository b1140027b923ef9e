import type { Command } from 'commander';

/** A subcommand. Its file is imported only to run it or show its help. */
export interface Subcommand {
  /** Defines arguments, options, examples and the action. */
  define(command: Command): void;
}

/** A usage error that the checks of the command line parser cannot detect: exit code 2. */
export class UsageError extends Error {}
