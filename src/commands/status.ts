import type { Command } from 'commander';
import { formatSpan, plural } from '../recording/console/console-row.ts';
import type { OverviewView, SelfView } from '../views/server.ts';
import type { AppView, EndpointView } from '../views/settings.ts';
import type { Admin } from './admin.ts';
import { addServerOptions, asking, askingExitCodes, type AskingOptions } from './asking.ts';
import { exitCode, type ExitCode } from './exit-code.ts';
import { paintFor } from './paint.ts';
import { formatBytes, printFacts, printJson, printLine, printTable } from './print.ts';
import { printable } from './printable.ts';

export function define(command: Command): void {
  addServerOptions(
    command.description('Shows the connections, rates, health, apps and endpoints of a running server.'),
  )
    .addHelpText(
      'after',
      `
With --json it prints one object: self, overview and apps, as in the admin API.

  soketify-emulator status
  soketify-emulator status --url https://ws.example.com --token-file token
  soketify-emulator status --json | jq .overview.connections

${askingExitCodes} (For probes use the command health.)`,
    )
    .action((options: AskingOptions) => asking(options, (admin) => status(admin, options)));
}

async function status(admin: Admin, { json = false }: AskingOptions): Promise<ExitCode> {
  const [self, overview, { apps }] = await Promise.all([
    admin.get<SelfView>('/self'),
    admin.get<OverviewView>('/overview'),
    admin.get<{ apps: readonly AppView[] }>('/apps'),
  ]);
  if (json) printJson({ self, overview, apps });
  else printStatus(admin.target.url, self, { overview, apps });
  return exitCode.done;
}

const keptWords: Readonly<Record<SelfView['kept'], string>> = {
  memory: 'in memory; lost when the process ends',
  disk: 'on disk',
  redis: 'on Redis, shared by several nodes',
};

function printStatus(
  url: string,
  self: SelfView,
  { overview, apps }: { readonly overview: OverviewView; readonly apps: readonly AppView[] },
): void {
  const paint = paintFor(process.stdout);
  const { rates, webhooks, health } = overview;
  const perSecond = Object.entries(rates).filter(([, rate]) => rate > 0);
  const waiting =
    webhooks.waiting === undefined
      ? 'sent by other nodes'
      : `${plural(webhooks.waiting, 'pending event')} (${formatBytes(webhooks.bytes ?? 0)}), ${plural(webhooks.underWay, 'request')} in progress`;
  printFacts({
    server: `soketify-emulator ${printable(self.version)} at ${url}, up ${formatSpan(self.nowMs - self.startedAtMs)}`,
    state: `kept ${keptWords[self.kept]}`,
    clock: self.clock && `${self.clock.mode}, at ${Math.round(self.clock.nowMs)} ms`,
    clients: `${plural(overview.connections, 'connection')}, ${plural(overview.occupiedChannels, 'channel')}, ${plural(overview.members, 'member')}`,
    webhooks: waiting,
    'per second':
      perSecond.length === 0
        ? 'nothing'
        : perSecond.map(([name, rate]) => `${Math.round(rate * 10) / 10} ${name}`).join(', '),
  });
  for (const { name, isGood, text } of health) {
    if (!isGood) printLine(`${paint.bad(printable(name))}  ${printable(text)}`);
  }
  for (const note of self.notes) printLine(paint.dim(printable(note)));
  printLine('');
  printApps(apps);
  printLine('');
  printEndpoints(apps);
}

function printApps(apps: readonly AppView[]): void {
  printTable(
    [
      { title: 'APP', isFlexible: true },
      { title: 'KEY', isFlexible: true },
      { title: 'CONNECTIONS', isNumber: true },
      { title: 'CHANNELS', isNumber: true },
      { title: 'STATE' },
    ],
    apps.map((app) => [
      app.id,
      app.keys.find(({ isFirst }) => isFirst)?.key ?? '',
      String(app.connections),
      String(app.occupiedChannels),
      app.notServed ?? (app.enabled ? 'served' : 'disabled'),
    ]),
  );
}

function printEndpoints(apps: readonly AppView[]): void {
  const endpoints = apps.flatMap((app) => app.endpoints.map((endpoint) => ({ app, endpoint })));
  if (endpoints.length === 0) {
    printLine('no endpoint; add one with: soketify-emulator endpoints add URL');
    return;
  }
  printTable(
    [
      { title: 'APP', isFlexible: true },
      { title: 'ENDPOINT', isFlexible: true },
      { title: 'WAITING', isNumber: true },
      { title: 'STATE' },
      { title: 'URL', isFlexible: true },
    ],
    endpoints.map(({ app, endpoint }) => [
      app.id,
      endpoint.id,
      endpoint.queue === undefined ? '?' : String(endpoint.queue.events),
      stateOf(endpoint),
      endpoint.url,
    ]),
  );
}

/** The state of an endpoint in a word or two. */
export function stateOf({ notServed, enabled, pause, queue, lastAttempt }: EndpointView): string {
  if (notServed !== undefined) return 'not served';
  if (!enabled) return 'disabled';
  if (pause !== undefined) return `paused (${pause.how})`;
  if (queue?.isFailing === true) return 'failing';
  if (lastAttempt === undefined) return 'nothing sent';
  const { result, status: answered } = lastAttempt;
  return answered === undefined ? result : `answered ${answered}`;
}
