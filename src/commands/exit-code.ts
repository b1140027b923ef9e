/** The exit codes of the process. */
export const exitCode = { done: 0, failed: 1, badConfiguration: 2 } as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];
