import type { Command } from 'commander';
import { variables } from '../config/environment.ts';
import { Admin, AdminError } from './admin.ts';
import { httpUrl, milliseconds } from './arguments.ts';
import { exitCode, type ExitCode } from './exit-code.ts';
import { targetOf, type TargetOptions } from './server-target.ts';

/** The options of every command that queries a running server. */
export interface AskingOptions extends TargetOptions {
  readonly timeoutMs: number;
  readonly json?: boolean;
}

/** The same, with the app. */
export interface AppAskingOptions extends AskingOptions {
  readonly app?: string;
}

/** The exit codes of every command that queries a server. */
export const askingExitCodes =
  'Exit codes: 0 done, 1 the server could not be reached or refused the request, 2 wrong usage.';

/** Adds the options that select the server. */
export function addServerOptions(command: Command): Command {
  return command
    .optionsGroup('Which server:')
    .option('--url <url>', `its address (default: ${variables.url}, else from --config)`, httpUrl)
    .option('--config <file>', 'its configuration file, for its address and token')
    .option('--token <token>', `dashboard.token of the server (default: ${variables.dashboardToken})`)
    .option('--token-file <file>', 'the file that holds the token')
    .option('--timeout-ms <ms>', 'how long to wait for an answer', milliseconds, 10_000)
    .optionsGroup('Output:')
    .option('--json', 'print JSON, one object per line');
}

/** Also adds the option that selects the app. */
export function addAppOptions(command: Command): Command {
  return addServerOptions(
    command.option('--app <id>', `the app (default: ${variables.appId}, else the only one)`),
  );
}

/** Queries the server that the options select. A failure is reported on standard error. */
export async function asking(
  options: AskingOptions,
  work: (admin: Admin) => Promise<ExitCode>,
): Promise<void> {
  // The reader of the output may stop reading, as `head` does.
  process.stdout.on('error', () => process.exit(exitCode.done));
  try {
    process.exitCode = await work(new Admin(targetOf(options, process.env), options.timeoutMs));
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = exitCode.failed;
  }
}
