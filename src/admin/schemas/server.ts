import { described, flag, listOf, millis, text, type Schema } from '../../operations/schema.ts';
import {
  consoleTypes,
  type ClockView,
  type ConsoleRow,
  type ConsoleRows,
  type ErrorView,
  type OverviewView,
  type SelfView,
  type SeriesView,
} from '../../views/server.ts';
import type { Role } from '../../views/settings.ts';
import { count, number, oneOf, ref, viewOf } from './view-schema.ts';

/** The start of what lists and streams can show. */
export const keptSince = millis('Everything since this time is kept, except what was skipped.');

const place: Schema = oneOf<SelfView['kept']>({ memory: true, disk: true, redis: true });
const numbers = listOf(number);

const self = viewOf<SelfView>(
  {
    version: text,
    role: described(oneOf<Role>({ full: true, view: true }), 'The role of the caller.'),
    isProduction: flag,
    kept: described(place, 'Where the state of channels and webhooks is kept.'),
    savedIn: described(place, 'Where apps and endpoints that are set at run time are kept.'),
    epoch: described(
      text,
      'The epoch of the state. A new epoch means that state was lost, so earlier webhooks may no longer be true.',
    ),
    startedAtMs: millis('When this process started.'),
    nowMs: millis('The time of the server.'),
    showsPayloads: described(flag, 'Whether payloads may be shown (dashboard.payloads).'),
    address: described(
      viewOf<SelfView['address']>({ host: text, port: count, path: text, isTls: flag }),
      'The address for clients.',
    ),
    notes: described(listOf(text), 'What operators should know about this node, one sentence each.'),
  },
  {
    starts: described(count, 'How often the store was opened. Absent without a store.'),
    lastEnd: described(
      viewOf<NonNullable<SelfView['lastEnd']>>({
        how: text,
        downMs: millis('The time between that end and this start.'),
      }),
      'How the previous run ended, if that is known.',
    ),
    lost: described(text, 'Why stored data was lost, if any was.'),
    clock: described(ref('Clock'), 'The clock of a server that a test controls. Absent otherwise.'),
  },
);

const clock = viewOf<ClockView>({
  mode: oneOf<ClockView['mode']>({ real: true, virtual: true }),
  nowMs: millis('Since the start.'),
});

const consoleRow = viewOf<ConsoleRow>(
  {
    seq: described(count, "An ascending number, which is also the id of the stream's events."),
    atMs: millis('When it happened.'),
    appId: text,
    type: { type: 'string', enum: consoleTypes },
    text: described(text, 'One line of text for people.'),
  },
  {
    socketId: text,
    userId: text,
    channel: text,
    name: described(text, 'The name of a published event, the URL of an endpoint, or a code.'),
    data: described(text, 'The first 4 KB of the payload. Absent if payloads must not be shown.'),
    isClipped: { const: true, description: 'The payload is longer than `data`.' },
    details: {
      type: 'object',
      additionalProperties: { type: ['string', 'number'] },
      description: 'Further facts, such as the id of a delivery or of a request.',
    },
  },
);

const consoleRows = viewOf<ConsoleRows>(
  {
    rows: described(listOf(ref('ConsoleRow')), 'Newest last.'),
    skipped: described(count, 'Rows that were not recorded or not sent, because too much happened at once.'),
    keptSinceMs: keptSince,
  },
  {
    isRestarted: {
      const: true,
      description: 'The server has restarted since the previous rows, so the numbers start again.',
    },
  },
);

const series = described(
  viewOf<SeriesView>({
    stepMs: millis('How long a step is.'),
    endMs: millis('When the last step ends.'),
    connections: numbers,
    published: described(numbers, 'The number in each step, as in all fields that follow.'),
    received: numbers,
    delivered: numbers,
    failed: numbers,
    dropped: numbers,
    refused: numbers,
  }),
  'Numbers over time, one for each step, oldest first.',
);

const overview = viewOf<OverviewView>(
  {
    nowMs: millis('The time of the server.'),
    connections: count,
    occupiedChannels: count,
    members: count,
    rates: described(
      viewOf<OverviewView['rates']>({
        published: number,
        received: number,
        delivered: number,
        failed: number,
        dropped: number,
        refused: number,
      }),
      'Per second, averaged over the last five seconds.',
    ),
    webhooks: viewOf<OverviewView['webhooks']>(
      {
        failing: described(
          listOf(
            viewOf<OverviewView['webhooks']['failing'][number]>({ appId: text, endpoint: text, url: text }),
          ),
          'The failing endpoints.',
        ),
        underWay: described(count, 'Attempts in progress.'),
      },
      {
        waiting: described(count, 'Events that wait on this node. Absent if other nodes send the webhooks.'),
        bytes: described(count, 'The bytes of these events.'),
        oldestAgeMs: millis('The age of the oldest of these events.'),
      },
    ),
    health: described(
      listOf(viewOf<OverviewView['health'][number]>({ name: text, isGood: flag, text })),
      'The health of what the node depends on: store, Redis, capacity for clients.',
    ),
    refusals: described(
      listOf(viewOf<OverviewView['refusals'][number]>({ kind: text, reason: text, count })),
      'The most frequent refusals since the start.',
    ),
  },
  { series: described(ref('Series'), 'Absent in the stream.') },
);

type ErrorBody = ErrorView['error'];

const error = viewOf<ErrorView>({
  error: viewOf<ErrorBody>(
    { code: described(text, 'For programs.'), message: described(text, 'For people.') },
    {
      faults: described(
        listOf(viewOf<NonNullable<ErrorBody['faults']>[number]>({ path: text, message: text })),
        'What is wrong with which field of the body.',
      ),
    },
  ),
});

/** The schemas of views/server.ts. */
export const serverSchemas = {
  Self: self,
  Clock: clock,
  Overview: overview,
  Series: series,
  ConsoleRow: consoleRow,
  ConsoleRows: consoleRows,
  Error: error,
} as const satisfies Record<string, Schema>;
