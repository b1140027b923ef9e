import type {
  ClockView,
  ConsoleRow,
  ConsoleRows,
  ErrorView,
  OverviewView,
  SelfView,
  SeriesView,
} from '../../../../src/views/server.ts';
import type { Full } from './full.ts';

const clock: Full<ClockView> = { mode: 'virtual', nowMs: 3000 };

const self: Full<SelfView> = {
  version: '1.0.0',
  role: 'view',
  isProduction: false,
  kept: 'disk',
  savedIn: 'redis',
  epoch: 'e1',
  starts: 2,
  lastEnd: { how: 'killed', downMs: 1200.5 },
  lost: 'The file was damaged.',
  startedAtMs: 1,
  nowMs: 2,
  showsPayloads: true,
  clock,
  address: { host: '127.0.0.1', port: 6001, path: '', isTls: false },
  notes: ['Other nodes have connections of their own.'],
};

const consoleRow: Full<ConsoleRow> = {
  seq: 1,
  atMs: 2,
  appId: 'a',
  type: 'client event',
  socketId: '1.2',
  userId: 'u',
  channel: 'presence-a',
  name: 'client-a',
  text: 'u sent client-a',
  data: '{}',
  isClipped: true,
  details: { delivery: 'msg_1', bytes: 2 },
};

const series: Full<SeriesView> = {
  stepMs: 1000,
  endMs: 2000,
  connections: [1],
  published: [2.5],
  received: [3],
  delivered: [4],
  failed: [5],
  dropped: [6],
  refused: [7],
};

const overview: Full<OverviewView> = {
  nowMs: 1,
  connections: 2,
  occupiedChannels: 3,
  members: 4,
  rates: { published: 0.2, received: 1, delivered: 2, failed: 3, dropped: 4, refused: 5 },
  webhooks: {
    waiting: 1,
    bytes: 2,
    oldestAgeMs: 3,
    failing: [{ appId: 'a', endpoint: 'e', url: 'http://localhost/' }],
    underWay: 4,
  },
  health: [{ name: 'store', isGood: true, text: 'It is written to.' }],
  refusals: [{ kind: 'message', reason: 'rate', count: 1 }],
  series,
};

const error: Full<ErrorView> = {
  error: {
    code: 'ERR_ARGUMENT_INVALID',
    message: 'expected a URL',
    faults: [{ path: 'url', message: 'expected a URL' }],
  },
};

/** Samples of the schemas of schemas/server.ts. */
export const serverSamples = {
  Self: self,
  Clock: clock,
  Overview: overview,
  Series: series,
  ConsoleRow: consoleRow,
  ConsoleRows: {
    rows: [consoleRow],
    isRestarted: true,
    skipped: 0,
    keptSinceMs: 0,
  } satisfies Full<ConsoleRows>,
  Error: error,
} as const;
