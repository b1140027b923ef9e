import type { RequestView } from '../../../../src/views/deliveries.ts';
import type {
  AppInput,
  AppSettings,
  AppView,
  BatchInput,
  EndpointInput,
  EndpointView,
  KeyPairView,
  KeyView,
  PauseView,
  QueueView,
  TestView,
  VerifyView,
} from '../../../../src/views/settings.ts';
import { defaultLimits, writeLimits } from '../../../../src/protocol/limits.ts';
import { eventNames } from '../../../../src/webhooks/event.ts';
import type { Full } from './full.ts';

const settings: Full<AppSettings> = {
  enabled: true,
  clientEvents: true,
  subscriptionCount: false,
  watchlist: true,
  forceTls: false,
  allowedOrigins: ['*'],
  limits: writeLimits(defaultLimits),
};

const key: Full<KeyView> = { key: 'k', isFirst: true, uses: 1, lastUsedAtMs: 2 };

export const queue: Full<QueueView> = { events: 1, bytes: 2, oldestAgeMs: 3, isFailing: true };

export const pause: Full<PauseView> = { how: 'hold', sinceMs: 1 };

const batch: Full<BatchInput> = { maxEvents: 1, maxDelayMs: 0, maxBytes: 1024 };

const endpoint: Full<EndpointView> = {
  id: 'e',
  origin: 'run-time',
  notServed: 'The file has one of this id.',
  url: 'http://localhost/',
  enabled: true,
  eventTypes: eventNames,
  channels: { startsWith: 'a', endsWith: '' },
  headers: { 'x-token': '' },
  standardSignature: true,
  reconcile: false,
  batch,
  ownBatch: batch,
  pause,
  queue,
  lastAttempt: { atMs: 1, result: 'refused', status: 500 },
};

const endpointInput: Full<EndpointInput> = {
  id: 'e',
  url: 'http://localhost/',
  eventTypes: ['member_added'],
  channels: { startsWith: 'a', endsWith: 'b' },
  headers: { 'x-token': 't' },
  standardSignature: true,
  reconcile: false,
  batch,
};

const app: Full<AppView> = {
  id: 'a',
  origin: 'file',
  notServed: 'The file has one of this id.',
  ...settings,
  keys: [key],
  endpoints: [endpoint],
  connections: 1,
  occupiedChannels: 2,
};

const appInput: Full<AppInput> = { id: 'a', key: 'k', secret: 's', ...settings };

const request: Full<RequestView> = { url: 'http://localhost/', headers: { 'x-pusher-key': 'k' }, body: '{}' };

const test: Full<TestView> = {
  result: 'success',
  status: 200,
  error: 'ECONNRESET',
  elapsedMs: 1.5,
  answer: 'ok',
  verdict: 'It took the event.',
  request,
};

/** Samples of the schemas of schemas/settings.ts. */
export const settingsSamples = {
  App: app,
  AppInput: appInput,
  AppSettings: settings,
  Key: key,
  KeyPair: { key: 'k', secret: 's' } satisfies Full<KeyPairView>,
  Endpoint: endpoint,
  EndpointInput: endpointInput,
  BatchInput: batch,
  Pause: pause,
  Queue: queue,
  Test: test,
  Request: request,
  Verify: { isGenuine: true, key: 'k', sentence: 'It is signed with k.' } satisfies Full<VerifyView>,
} as const;
