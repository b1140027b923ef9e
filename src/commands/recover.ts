import type { Recovery, RecoverStart } from '../views/dead-letters.ts';
import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { pathOf, type Admin } from './admin.ts';
import { addAppOptions, asking, askingExitCodes, type AppAskingOptions } from './asking.ts';
import { exitCode, type ExitCode } from './exit-code.ts';
import { appPath, findApp, findEndpoint } from './named.ts';
import { printJson, printLine, printNote } from './print.ts';
import { printable } from './printable.ts';
import { momentOf } from './search-options.ts';

interface RecoverOptions extends AppAskingOptions {
  readonly since?: string;
  readonly dryRun?: boolean;
  readonly wait: boolean;
}

/** How often to poll a recovery. */
const lookMs = 500;

export function define(command: Command): void {
  addAppOptions(
    command
      .description('Resends everything that an endpoint has lost, in order, and waits until it is done.')
      .argument('<endpoint>', 'the endpoint: its id or URL')
      .option(
        '--since <time>',
        'only deliveries dropped since this time: 10m, 2h or 1d ago, or 2026-01-31T12:00:00Z',
      )
      .option('--dry-run', 'send nothing, only show how much would be sent')
      .option('--no-wait', 'do not wait until it is done'),
  )
    .addHelpText(
      'after',
      `
Resent events are old, and marked by X-Soketify-Resend. The recovery continues in the server when this command is stopped. It
stops after three failures in a row.

  soketify-emulator recover main --dry-run
  soketify-emulator recover main --since 2h

${askingExitCodes} 1 also if the endpoint did not accept everything.`,
    )
    .action((endpoint: string, options: RecoverOptions) =>
      asking(options, (admin) => recover(admin, endpoint, options)),
    );
}

async function recover(admin: Admin, named: string, options: RecoverOptions): Promise<ExitCode> {
  const { json = false, dryRun = false } = options;
  const app = await findApp(admin, options);
  const { id: endpoint } = findEndpoint(app, named);
  const path = `${appPath(app)}/recover`;
  const since = momentOf('--since', options.since);
  const started = await admin.post<RecoverStart>(path, {
    endpoint,
    ...(since !== undefined && { since }),
    ...(dryRun && { dry_run: true }),
  });
  const { deliveries, events } = started.matched;
  const size = `${deliveries} deliveries with ${events} events`;
  if (started.id === undefined) {
    if (json) printJson(started);
    else printLine(`would resend ${size} to ${printable(endpoint)}`);
    return exitCode.done;
  }
  if (!options.wait) {
    if (json) printJson(started);
    else printLine(`resending ${size} to ${printable(endpoint)} (${started.id})`);
    return exitCode.done;
  }
  const recovery = await ended(admin, `${path}${pathOf`/${started.id}`}`, json);
  if (json) printJson(recovery);
  else printRecovery(recovery);
  const isWhole = recovery.state === 'finished' && recovery.failed === 0;
  return isWhole ? exitCode.done : exitCode.failed;
}

/** Shows the progress of the recovery. Resolves once it has ended. */
async function ended(admin: Admin, path: string, json: boolean): Promise<Recovery> {
  let printed = '';
  for (;;) {
    const recovery = await admin.get<Recovery>(path);
    if (recovery.state !== 'running') return recovery;
    const { sent, failed, left } = recovery;
    const progress = `${sent} accepted, ${failed} failed, ${left} left`;
    if (!json && progress !== printed) printNote(progress);
    printed = progress;
    await wait(lookMs);
  }
}

function printRecovery({ endpoint, state, cause, sent, failed, skipped, left }: Recovery): void {
  const why = cause === undefined ? '' : ` (${printable(cause)})`;
  const counts = `${sent} accepted, ${failed} failed, ${skipped} skipped, ${left} left`;
  printLine(`the recovery of ${printable(endpoint)} is ${state}${why}: ${counts}`);
}
