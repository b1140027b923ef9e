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

interface Count {
  readonly deliveries: number;
  readonly events: number;
}

/** How far a recovery has come. */
interface Recovery {
  readonly id: string;
  readonly endpoint: string;
  readonly state: 'running' | 'finished' | 'stopped' | 'cancelled';
  readonly cause?: string;
  readonly matched: Count;
  readonly sent: number;
  readonly failed: number;
  readonly skipped: number;
  readonly left: number;
}

/** How often a recovery is looked at. */
const lookMs = 500;

export function define(command: Command): void {
  addAppOptions(
    command
      .description('Sends an endpoint again what it has lost, in order, and waits for the end.')
      .argument('<endpoint>', 'the endpoint, by its id or URL')
      .option(
        '--since <time>',
        'only what was dropped since then: 10m, 2h or 1d ago, or 2026-01-31T12:00:00Z',
      )
      .option('--dry-run', 'send nothing, and say how much it would be')
      .option('--no-wait', 'do not wait for the end'),
  )
    .addHelpText(
      'after',
      `
What is sent is old, and marked by X-Soketify-Resend. It goes on in the server when this program ends. After three failures
in a row it stops.

  soketify-emulator recover main --dry-run
  soketify-emulator recover main --since 2h

${askingExitCodes} 1 is also that not all was taken.`,
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
  const begun = await admin.post<{ id?: string; matched: Count }>(path, {
    endpoint,
    ...(since !== undefined && { since }),
    ...(dryRun && { dry_run: true }),
  });
  const { deliveries, events } = begun.matched;
  const size = `${deliveries} deliveries with ${events} events`;
  if (begun.id === undefined) {
    if (json) printJson(begun);
    else printLine(`${printable(endpoint)} would be sent ${size}`);
    return exitCode.done;
  }
  if (!options.wait) {
    if (json) printJson(begun);
    else printLine(`${printable(endpoint)} is being sent ${size} (${begun.id})`);
    return exitCode.done;
  }
  const recovery = await ended(admin, `${path}${pathOf`/${begun.id}`}`, json);
  if (json) printJson(recovery);
  else tell(recovery);
  const isWhole = recovery.state === 'finished' && recovery.failed === 0;
  return isWhole ? exitCode.done : exitCode.failed;
}

/** Resolves with the recovery once it has ended, and shows its progress until then. */
async function ended(admin: Admin, path: string, json: boolean): Promise<Recovery> {
  let told = '';
  for (;;) {
    const recovery = await admin.get<Recovery>(path);
    if (recovery.state !== 'running') return recovery;
    const { sent, failed, left } = recovery;
    const progress = `${sent} taken, ${failed} not, ${left} left`;
    if (!json && progress !== told) printNote(progress);
    told = progress;
    await wait(lookMs);
  }
}

function tell({ endpoint, state, cause, sent, failed, skipped, left }: Recovery): void {
  const why = cause === undefined ? '' : ` (${printable(cause)})`;
  const counts = `${sent} deliveries taken, ${failed} not, ${skipped} skipped, ${left} left`;
  printLine(`the recovery of ${printable(endpoint)} is ${state}${why}: ${counts}`);
}
