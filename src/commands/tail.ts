import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { whenNpxEnds } from '../system/parent.ts';
import {
  consoleTypes,
  type ConsoleRow,
  type ConsoleRows,
  type ConsoleType,
  type ErrorView,
} from '../views/server.ts';
import { AdminError, viewIn, type Admin, type QueryOptions } from './admin.ts';
import { collect, oneOf, wholeNumber } from './arguments.ts';
import { addAppOptions, asking, askingExitCodes, type AppAskingOptions } from './asking.ts';
import { readEvents } from './event-stream.ts';
import { exitCode, type ExitCode } from './exit-code.ts';
import { findApp, findEndpoint } from './named.ts';
import { paintFor } from './paint.ts';
import { printJson, printLine, printNote } from './print.ts';
import { addSearchOptions, searchOf, type SearchOptions } from './search-options.ts';
import { formatRow } from './tail-lines.ts';

interface TailOptions extends AppAskingOptions, SearchOptions {
  readonly type?: readonly string[];
  readonly outcome?: Outcome;
  readonly lines: number;
  readonly follow: boolean;
}

const outcomeNames = ['delivered', 'failed', 'refused', 'timeout', 'unreachable', 'dropped'] as const;

type Outcome = (typeof outcomeNames)[number];

/** The search for each outcome. Rows of dropped deliveries have no result of an attempt. */
const outcomes: Readonly<Record<Outcome, string>> = {
  delivered: 'result:success',
  failed: 'type:"webhook failed"',
  refused: 'result:refused',
  timeout: 'result:timeout',
  unreachable: 'result:unreachable',
  dropped: 'type:"webhook failed" "dropped ("',
};

const groups: Readonly<Record<string, readonly ConsoleType[]>> = {
  events: [
    'occupied',
    'vacated',
    'member added',
    'member removed',
    'cache miss',
    'client event',
    'subscription count',
  ],
  deliveries: ['webhook sent', 'webhook failed'],
};

/** Row types as written on a command line, without spaces. */
const typeNames = consoleTypes.map((type) => type.replaceAll(' ', '-'));

/** The wait before each attempt to reconnect. */
const retryMs = 2000;

export function define(command: Command): void {
  addAppOptions(
    addSearchOptions(
      command
        .description('Shows connections, publishes, events and deliveries of a running server live.')
        .option(
          '-t, --type <type>',
          'only rows of this type: events, deliveries, or a type listed below; repeatable',
          (text: string, earlier: readonly string[] | undefined) =>
            collect(oneOf([...Object.keys(groups), ...typeNames])(text), earlier),
        )
        .option(
          '-o, --outcome <outcome>',
          `only deliveries with this outcome: ${outcomeNames.join(', ')}`,
          oneOf(outcomeNames),
        )
        .option('-l, --lines <number>', 'how many earlier rows to show first', lines, 10)
        .option('--no-follow', 'exit after the earlier rows'),
    ),
  )
    .addHelpText(
      'after',
      `
Types: ${typeNames.join(', ')}.

A delivery row has an endpoint and channels, but no events, so --name and --user hide such rows. When the connection is
lost, tail reconnects and shows what happened in the meantime, as far as the server has kept it.

  soketify-emulator tail
  soketify-emulator tail --type events --channel 'presence-*'
  soketify-emulator tail --outcome failed --endpoint main
  soketify-emulator tail --json --type deliveries | jq -r '.details.id'

${askingExitCodes} A signal ends tail with 0.`,
    )
    .action((options: TailOptions) => asking(options, (admin) => tail(admin, options)));
}

function lines(text: string): number {
  return wholeNumber(text, 0, 1000);
}

async function tail(admin: Admin, options: TailOptions): Promise<ExitCode> {
  const query = await queryOf(admin, options);
  const ended = endedBySignal();
  // The stream is opened first, so that no row is missed between the earlier rows and the new ones.
  let stream = options.follow ? await openFirst(admin, query, ended) : undefined;
  const printer = new Printer(options.json === true);
  if (options.lines > 0) {
    printer.print(await admin.get<ConsoleRows>('/console', { ...query, limit: options.lines }));
  }
  if (stream !== undefined && printer.lastSeq === undefined) {
    printNote(`connected to ${admin.target.url}; no rows yet`);
  }
  while (stream !== undefined) {
    try {
      for await (const { event, data } of readEvents(stream)) {
        if (event === 'rows') printer.print(viewIn<ConsoleRows>(data));
        if (event === 'full')
          throw new AdminError(viewIn<ErrorView>(data)?.error.message ?? '', 'ERR_TOO_MANY');
      }
    } catch (error) {
      if (error instanceof AdminError) throw error;
    }
    stream = await openAgain({ admin, query, ended, printer });
  }
  return exitCode.done;
}

/** Resolves with the stream; undefined if the program must end. */
async function openFirst(admin: Admin, query: QueryOptions, ended: AbortSignal) {
  try {
    return await admin.stream(query, undefined, ended);
  } catch (error) {
    if (ended.aborted) return undefined;
    throw error;
  }
}

/** Resolves with the stream once the server is reachable again; undefined if the program must end. */
async function openAgain({
  admin,
  query,
  ended,
  printer,
}: {
  readonly admin: Admin;
  readonly query: QueryOptions;
  readonly ended: AbortSignal;
  readonly printer: Printer;
}) {
  let isReported = false;
  while (!ended.aborted) {
    try {
      return await admin.stream(query, printer.lastSeq, ended);
    } catch (error) {
      if (!(error instanceof AdminError) || ended.aborted) continue;
      // The server refused, so a retry would not help.
      if (error.code !== undefined) throw error;
      if (!isReported) printNote(`lost the connection to the server; reconnecting every ${retryMs / 1000} s`);
      isReported = true;
      await wait(retryMs, undefined, { signal: ended }).catch(() => {});
    }
  }
  return undefined;
}

/** Aborted when the program must end. */
function endedBySignal(): AbortSignal {
  const end = new AbortController();
  process.on('SIGINT', () => end.abort());
  process.on('SIGTERM', () => end.abort());
  whenNpxEnds(() => end.abort());
  return end.signal;
}

/** The query of the stream. App and endpoint are looked up, so that a misspelt name is an error instead of no output. */
async function queryOf(admin: Admin, options: TailOptions): Promise<QueryOptions> {
  const { endpoint, outcome, type = [] } = options;
  const isOfApp = options.app !== undefined || endpoint !== undefined;
  const app = isOfApp ? await findApp(admin, options) : undefined;
  if (app !== undefined && endpoint !== undefined && !endpoint.includes('*')) findEndpoint(app, endpoint);
  const types = type.flatMap((name): readonly string[] => groups[name] ?? [name.replaceAll('-', ' ')]);
  return {
    app: app?.id,
    types: types.length === 0 ? undefined : [...new Set(types)].join(','),
    q: searchOf(options, ...(outcome === undefined ? [] : [outcomes[outcome]])),
  };
}

/** Writes each row once. */
class Printer {
  /** The number of the last row that was written. */
  lastSeq: number | undefined;
  readonly #isJson: boolean;
  readonly #paint = paintFor(process.stdout);

  constructor(isJson: boolean) {
    this.#isJson = isJson;
  }

  print(news: ConsoleRows | undefined): void {
    const { rows = [], skipped = 0, isRestarted } = news ?? {};
    if (isRestarted === true) printNote('the server was restarted: its last rows before that may be missing');
    const unseen = rows.filter(({ seq }) => this.lastSeq === undefined || seq > this.lastSeq);
    if (skipped > 0 && this.lastSeq !== undefined) {
      printNote(`${skipped} rows are missing: more happened than the server records`);
    }
    for (const row of unseen) this.#printRow(row);
  }

  #printRow(row: ConsoleRow): void {
    this.lastSeq = row.seq;
    if (this.#isJson) printJson(row);
    else printLine(formatRow(row, this.#paint));
  }
}
