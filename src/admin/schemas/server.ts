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

/** What lists and streams say of what they do not show. */
export const keptSince = millis('Nothing older is kept.');

const place: Schema = oneOf<SelfView['kept']>({ memory: true, disk: true, redis: true });
const numbers = listOf(number);

const self = viewOf<SelfView>(
  {
    version: text,
    role: described(oneOf<Role>({ full: true, view: true }), 'What the caller may do.'),
    isProduction: flag,
    kept: described(place, 'Where the state of channels and webhooks is kept.'),
    savedIn: described(place, 'Where apps and endpoints that are set at run time are kept.'),
    epoch: described(text, 'The life of the state. After another one begins, what was said may be untrue.'),
    startedAtMs: millis('When this process started.'),
    nowMs: millis('The time of the server.'),
    showsPayloads: described(flag, 'Whether payloads may be shown (dashboard.payloads).'),
    address: described(
      viewOf<SelfView['address']>({ host: text, port: count, path: text, isTls: flag }),
      'Where clients connect to.',
    ),
    notes: described(listOf(text), 'What this node cannot say, one sentence each.'),
  },
  {
    starts: described(count, 'How often the store was opened; absent without one.'),
    lastEnd: described(
      viewOf<NonNullable<SelfView['lastEnd']>>({ how: text, downMs: millis('How long it was away.') }),
      'How the life before ended, where that is known.',
    ),
    lost: described(text, 'Why something that was kept was lost.'),
    clock: described(ref('Clock'), 'The clock of a server that a test controls; absent otherwise.'),
  },
);

const clock = viewOf<ClockView>({
  mode: oneOf<ClockView['mode']>({ real: true, virtual: true }),
  nowMs: millis('Since the start.'),
});

const consoleRow = viewOf<ConsoleRow>(
  {
    seq: described(count, "Counts up; the id of the stream's events."),
    atMs: millis('When it happened.'),
    appId: text,
    type: { type: 'string', enum: consoleTypes },
    text: described(text, 'One line for a person.'),
  },
  {
    socketId: text,
    userId: text,
    channel: text,
    name: described(text, 'The name of a published event, the URL of an endpoint, or a code.'),
    data: described(text, 'The payload, if payloads may be shown; at most 4 KB of it.'),
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
    skipped: described(
      count,
      'Rows that were not recorded or not sent, because more happened than can be shown.',
    ),
    keptSinceMs: keptSince,
  },
  { isRestarted: { const: true, description: 'The rows begin anew: the server has been started since.' } },
);

const series = described(
  viewOf<SeriesView>({
    stepMs: millis('How long a step is.'),
    endMs: millis('When the last step ends.'),
    connections: numbers,
    published: described(numbers, 'In each step, as all that follow.'),
    received: numbers,
    delivered: numbers,
    failed: numbers,
    dropped: numbers,
    refused: numbers,
  }),
  'Numbers over time: one for each step, oldest first.',
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
      'A second, over the last five.',
    ),
    webhooks: viewOf<OverviewView['webhooks']>(
      {
        failing: described(
          listOf(
            viewOf<OverviewView['webhooks']['failing'][number]>({ appId: text, endpoint: text, url: text }),
          ),
          'Endpoints that fail.',
        ),
        underWay: described(count, 'Requests that are under way.'),
      },
      {
        waiting: described(count, 'Events that wait on this node; absent: other nodes send the webhooks.'),
        bytes: described(count, 'Their bytes.'),
        oldestAgeMs: millis('The age of the oldest.'),
      },
    ),
    health: described(
      listOf(viewOf<OverviewView['health'][number]>({ name: text, isGood: flag, text })),
      'How what the node relies on does: store, Redis, room for clients.',
    ),
    refusals: described(
      listOf(viewOf<OverviewView['refusals'][number]>({ kind: text, reason: text, count })),
      'What was refused most since the start.',
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
