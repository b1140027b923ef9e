import { readPages } from './pages.ts';
import type { Command } from 'commander';
import type { DeliveryDetail, DeliveryView, PageOf } from '../views/deliveries.ts';
import { pathOf, type Admin } from './admin.ts';
import { count, oneOf } from './arguments.ts';
import { addAppOptions, asking, askingExitCodes, type AppAskingOptions } from './asking.ts';
import { exitCode, type ExitCode } from './exit-code.ts';
import { appPath, findApp, findEndpoint } from './named.ts';
import { formatMoment, printFacts, printJson, printLine, printNote, printTable } from './print.ts';
import { excerpt, printable } from './printable.ts';
import { addSearchOptions, searchOf, type SearchOptions } from './search-options.ts';

const outcomeNames = [
  'delivered',
  'pending',
  'dropped',
  'moved',
  'failed',
  'refused',
  'timeout',
  'unreachable',
] as const;

type Outcome = (typeof outcomeNames)[number];

/** The search for each outcome. */
const outcomes: Readonly<Record<Outcome, string>> = {
  delivered: 'status:delivered',
  pending: 'status:pending',
  dropped: 'status:dropped',
  moved: 'status:moved',
  failed: '-result:success -result:pending',
  refused: 'result:refused',
  timeout: 'result:timeout',
  unreachable: 'result:unreachable',
};

interface DeliveriesOptions extends AppAskingOptions, SearchOptions {
  readonly outcome?: Outcome;
  readonly limit: number;
}

const mostOnPage = 500;

export function define(command: Command): void {
  addAppOptions(
    addSearchOptions(
      command
        .description(
          'Lists the webhook deliveries that a running server has recorded, newest first, or shows one.',
        )
        .argument('[id]', 'a delivery by its webhook-id, to show its body and every attempt')
        .option(
          '-o, --outcome <outcome>',
          `only deliveries with this outcome: ${outcomeNames.join(', ')}`,
          oneOf(outcomeNames),
        )
        .option('--limit <number>', 'the maximum number to list', count, 20),
    ),
  )
    .addHelpText(
      'after',
      `
failed, refused, timeout and unreachable refer to the last attempt; the server may still retry.

  soketify-emulator deliveries
  soketify-emulator deliveries --outcome failed --search since:1h
  soketify-emulator deliveries msg_0c5d2f --json | jq -r .body

${askingExitCodes}`,
    )
    .action((id: string | undefined, options: DeliveriesOptions) =>
      asking(options, (admin) =>
        id === undefined ? listDeliveries(admin, options) : showDelivery(admin, id, options),
      ),
    );
}

async function listDeliveries(
  admin: Admin,
  { outcome, limit, json = false, ...options }: DeliveriesOptions,
): Promise<ExitCode> {
  const app = await findApp(admin, options);
  const { endpoint } = options;
  if (endpoint !== undefined && !endpoint.includes('*')) findEndpoint(app, endpoint);
  const q = searchOf(options, ...(outcome === undefined ? [] : [outcomes[outcome]]));
  const { items, last, hasMore } = await readPages(
    { limit, mostOnPage },
    (size, before) =>
      admin.get<PageOf<DeliveryView>>(`${appPath(app)}/deliveries`, { q, before, limit: size }),
    (page) => page.items,
  );
  if (json) for (const delivery of items) printJson(delivery);
  else printDeliveries(items);
  if (hasMore) printNote(`there are older deliveries; raise --limit (${limit}) to see them`);
  if (last.skipped > 0) printNote(`${last.skipped} were not recorded: more happened than the server records`);
  return exitCode.done;
}

function printDeliveries(deliveries: readonly DeliveryView[]): void {
  if (deliveries.length === 0) {
    printLine('no deliveries');
    return;
  }
  printTable(
    [
      { title: 'TIME' },
      { title: 'ID', isFlexible: true },
      { title: 'ENDPOINT', isFlexible: true },
      { title: 'EVENTS', isFlexible: true },
      { title: 'STATUS' },
      { title: 'ATTEMPTS', isNumber: true },
      { title: 'LAST' },
    ],
    deliveries.map((delivery) => [
      formatMoment(delivery.atMs),
      delivery.id,
      delivery.endpoint,
      describeEvents(delivery),
      delivery.reason === undefined ? delivery.status : `${delivery.status} (${delivery.reason})`,
      String(delivery.attempts),
      describeEnd(delivery.lastAttempt),
    ]),
  );
}

/** The events of a delivery on one line: `member_added on presence-a, +3`. */
export function describeEvents({
  events,
  eventCount,
}: {
  readonly events: readonly { readonly name: string; readonly channel: string }[];
  readonly eventCount: number;
}): string {
  const [first] = events;
  if (first === undefined) return `${eventCount} events`;
  const more = eventCount > 1 ? `, +${eventCount - 1}` : '';
  return `${first.name} on ${first.channel}${more}`;
}

/** The outcome of an attempt in a word or two. */
export function describeEnd(
  end: { readonly result: string; readonly status?: number; readonly error?: string } | undefined,
): string {
  if (end === undefined) return '';
  if (end.status !== undefined) return String(end.status);
  return end.error ?? end.result;
}

async function showDelivery(
  admin: Admin,
  id: string,
  { json = false, ...options }: DeliveriesOptions,
): Promise<ExitCode> {
  const app = await findApp(admin, options);
  const delivery = await admin.get<DeliveryDetail>(`${appPath(app)}${pathOf`/deliveries/${id}`}`);
  if (json) printJson(delivery);
  else printDelivery(delivery);
  return exitCode.done;
}

function printDelivery(delivery: DeliveryDetail): void {
  const { reason, nextAttemptAtMs, attemptList } = delivery;
  printFacts({
    delivery: printable(delivery.id),
    endpoint: `${printable(delivery.endpoint)}, ${printable(delivery.url)}`,
    started: formatMoment(delivery.atMs),
    events: printable(describeEvents(delivery)),
    status: reason === undefined ? delivery.status : `${delivery.status} (${printable(reason)})`,
    next: nextAttemptAtMs === undefined ? undefined : formatMoment(nextAttemptAtMs),
    body: delivery.body === '' ? undefined : printable(delivery.body),
  });
  printLine('');
  printTable(
    [
      { title: 'ATTEMPT', isNumber: true },
      { title: 'TIME' },
      { title: 'TOOK', isNumber: true },
      { title: 'RESULT' },
      { title: 'ANSWER', isFlexible: true },
    ],
    attemptList.map((attempt) => [
      attempt.resend === undefined ? String(attempt.number) : `${attempt.number} (resend ${attempt.resend})`,
      formatMoment(attempt.atMs),
      attempt.elapsedMs === undefined ? '' : `${Math.round(attempt.elapsedMs)} ms`,
      describeEnd(attempt),
      excerpt(attempt.answer ?? '', 200),
    ]),
  );
}
