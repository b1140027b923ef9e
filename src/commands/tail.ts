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

/** The search that each outcome is. A row of what was dropped has no result of an attempt. */
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

/** As they are written on a command line, where a space ends a word. */
const typeNames = consoleTypes.map((type) => type.replaceAll(' ', '-'));

/** A connection that was lost is tried again after so long. */
const retryMs = 2000;

export function define(command: Command): void {
  addAppOptions(
    addSearchOptions(
      command
        .description(
          'Shows what happens on a running server as it happens: connections, publishes, events, deliveries.',
        )
        .option(
          '-t, --type <type>',
          'only rows of this type: events, deliveries, or one of those below; give it again for more',
          (text: string, earlier: readonly string[] | undefined) =>
            collect(oneOf([...Object.keys(groups), ...typeNames])(text), earlier),
        )
        .option(
          '-o, --outcome <outcome>',
          `only deliveries that came to this: ${outcomeNames.join(', ')}`,
          oneOf(outcomeNames),
        )
        .option('-l, --lines <number>', 'how many earlier rows to begin with', lines, 10)
        .option('--no-follow', 'end after the earlier rows'),
    ),
  )
    .addHelpText(
      'after',
      `
Types: ${typeNames.join(', ')}.

A row of a delivery knows its endpoint and channels, but not its events: --name and --user leave such rows out. When the
connection is lost, it is made again, and what happened meanwhile is shown as far as the server has kept it.

  soketify-emulator tail
  soketify-emulator tail --type events --channel 'presence-*'
  soketify-emulator tail --outcome failed --endpoint main
  soketify-emulator tail --json --type deliveries | jq -r '.details.id'

${askingExitCodes} A signal ends it with 0.`,
    )
    .action((options: TailOptions) => asking(options, (admin) => tail(admin, options)));
}

function lines(text: string): number {
  return wholeNumber(text, 0, 1000);
}

async function tail(admin: Admin, options: TailOptions): Promise<ExitCode> {
  const ended = endedBySignal();
  const query = await queryOf(admin, options);
  // Opened first, so that nothing is missed between what was and what comes.
  let stream = options.follow ? await admin.stream(query, undefined, ended) : undefined;
  const printer = new Printer(options.json === true);
  if (options.lines > 0) {
    printer.print(await admin.get<ConsoleRows>('/console', { ...query, limit: options.lines }));
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

/** Resolves with the stream once the server can be reached again; undefined: the program is to end. */
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
  let isTold = false;
  while (!ended.aborted) {
    try {
      return await admin.stream(query, printer.lastSeq, ended);
    } catch (error) {
      if (!(error instanceof AdminError) || ended.aborted) continue;
      // Somebody who is refused will be refused again.
      if (error.code !== undefined) throw error;
      if (!isTold) printNote(`the connection to the server is lost; trying again every ${retryMs} ms`);
      isTold = true;
      await wait(retryMs, undefined, { signal: ended }).catch(() => {});
    }
  }
  return undefined;
}

/** Aborted when the program is to end. */
function endedBySignal(): AbortSignal {
  const end = new AbortController();
  process.on('SIGINT', () => end.abort());
  process.on('SIGTERM', () => end.abort());
  whenNpxEnds(() => end.abort());
  return end.signal;
}

/** What is asked for. The names are looked up, so that one that there is not is told from one to which nothing happens. */
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

/** Writes rows, each once. */
class Printer {
  /** The number of the row that was written last. */
  lastSeq: number | undefined;
  readonly #isJson: boolean;
  readonly #paint = paintFor(process.stdout);

  constructor(isJson: boolean) {
    this.#isJson = isJson;
  }

  print(news: ConsoleRows | undefined): void {
    const { rows = [], skipped = 0, isRestarted } = news ?? {};
    if (isRestarted === true) printNote('the server was started again: what it did last may be missing');
    const unseen = rows.filter(({ seq }) => this.lastSeq === undefined || seq > this.lastSeq);
    if (skipped > 0 && this.lastSeq !== undefined) {
      printNote(`${skipped} rows are missing: more happened than can be shown`);
    }
    for (const row of unseen) this.#printRow(row);
  }

  #printRow(row: ConsoleRow): void {
    this.lastSeq = row.seq;
    if (this.#isJson) printJson(row);
    else printLine(formatRow(row, this.#paint));
  }
}
