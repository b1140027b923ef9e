import { readPages } from './pages.ts';
import type { Command } from 'commander';
import { eventNames, type EventName } from '../webhooks/event.ts';
import type { DroppedDelivery, DroppedPage } from '../views/dead-letters.ts';
import { lossReasons } from '../webhooks/dead-letter.ts';
import type { Admin } from './admin.ts';
import { count, oneOf } from './arguments.ts';
import { addAppOptions, asking, askingExitCodes, type AppAskingOptions } from './asking.ts';
import { describeEnd, describeEvents } from './deliveries.ts';
import { exitCode, type ExitCode } from './exit-code.ts';
import { appPath, findApp, findEndpoint } from './named.ts';
import { formatMoment, printJson, printLine, printNote, printTable } from './print.ts';
import { momentOf } from './search-options.ts';

interface DroppedOptions extends AppAskingOptions {
  readonly endpoint?: string;
  readonly reason?: string;
  readonly channel?: string;
  readonly name?: EventName;
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
}

const mostOnPage = 1000;

export function define(command: Command): void {
  addAppOptions(
    command
      .description('Lists dropped deliveries, the latest first.')
      .option('-e, --endpoint <id>', 'only this endpoint')
      .option('--reason <reason>', lossReasons.join(', '), oneOf(lossReasons))
      .option('-c, --channel <name>', 'only deliveries with an event of this channel')
      .option('-n, --name <event>', 'only deliveries with such an event', oneOf(eventNames))
      .option(
        '--since <time>',
        'only deliveries dropped since this time: 10m, 2h or 1d ago, or 2026-01-31T12:00:00Z',
      )
      .option('--until <time>', 'only deliveries dropped until this time')
      .option('--limit <number>', 'the maximum number to list', count, 100),
  )
    .addHelpText(
      'after',
      `
resend sends single deliveries again; recover sends everything that an endpoint has lost, in order.

  soketify-emulator dropped
  soketify-emulator dropped --endpoint main --since 1h
  soketify-emulator dropped --json | jq -r '.events[].channel' | sort | uniq -c

${askingExitCodes}`,
    )
    .action((options: DroppedOptions) => asking(options, (admin) => listDropped(admin, options)));
}

async function listDropped(
  admin: Admin,
  { limit, json = false, ...options }: DroppedOptions,
): Promise<ExitCode> {
  const app = await findApp(admin, options);
  const { endpoint: named, reason, channel, name: event } = options;
  const endpoint = named === undefined ? undefined : findEndpoint(app, named).id;
  const since = momentOf('--since', options.since);
  const until = momentOf('--until', options.until);
  const { items, last, hasMore } = await readPages(
    { limit, mostOnPage },
    (size, cursor) => {
      const query = { endpoint, reason, channel, event, since, until, limit: size, cursor };
      return admin.get<DroppedPage>(`${appPath(app)}/dropped`, query);
    },
    (page) => page.deliveries,
  );
  if (json) for (const letter of items) printJson(letter);
  else printLetters(items);
  const { deliveries: forgotten } = last.forgotten;
  if (hasMore) printNote(`there are older deliveries; raise --limit (${limit}) to see them`);
  if (forgotten > 0)
    printNote(`${forgotten} older ones are no longer kept, because the memory for them was full`);
  return exitCode.done;
}

function printLetters(letters: readonly DroppedDelivery[]): void {
  if (letters.length === 0) {
    printLine('nothing was dropped');
    return;
  }
  printTable(
    [
      { title: 'DROPPED' },
      { title: 'ID', isFlexible: true },
      { title: 'ENDPOINT', isFlexible: true },
      { title: 'EVENTS', isFlexible: true },
      { title: 'REASON' },
      { title: 'ATTEMPTS', isNumber: true },
      { title: 'LAST' },
      { title: 'RESENT' },
    ],
    letters.map((letter) => [
      formatMoment(letter.dropped_at),
      letter.id,
      letter.endpoint,
      describeEvents({ events: letter.events, eventCount: letter.events.length }),
      letter.reason,
      String(letter.attempts_made),
      describeEnd(letter.attempts.at(-1)),
      describeResends(letter),
    ]),
  );
}

function describeResends({ resends, resent_at: acceptedAt }: DroppedDelivery): string {
  if (resends === 0) return '';
  return acceptedAt === undefined ? `${resends} times, not accepted` : 'accepted';
}
