import type {
  AttemptView,
  CauseView,
  DeliveryDetail,
  DeliveryView,
  EventView,
  FateView,
  PageOf,
} from '../../../../src/views/deliveries.ts';
import type { Full } from './full.ts';

const attempt: Full<AttemptView> = {
  number: 2,
  resend: 1,
  atMs: 1,
  elapsedMs: 2,
  result: 'pending',
  status: 200,
  error: 'ECONNRESET',
  headers: { 'x-pusher-signature': 's' },
  answer: 'ok',
};

const delivery: Full<DeliveryView> = {
  id: 'msg_1',
  appId: 'a',
  endpoint: 'e',
  url: 'http://localhost/',
  status: 'dropped',
  reason: 'expired',
  atMs: 1,
  events: [{ name: 'member_added', channel: 'presence-a', user_id: 'u' }],
  eventCount: 1,
  attempts: 2,
  lastAttempt: { result: 'pending', status: 500, error: 'ECONNRESET' },
  elapsedMs: 3,
  nextAttemptAtMs: 4,
  isResent: false,
};

const deliveryDetail: Full<DeliveryDetail> = {
  ...delivery,
  body: '{}',
  attemptList: [attempt],
  eventIds: [1],
};

const cause: Full<CauseView> = { kind: 'client event', socket_id: '1.2', user_id: 'u', atMs: 1 };

const fate: Full<FateView> = {
  endpoint: 'e',
  url: 'http://localhost/',
  status: 'filtered',
  reason: 'event type',
  deliveries: ['msg_1'],
  attempts: 0,
};

export const event: Full<EventView> = {
  id: 1,
  appId: 'a',
  name: 'client_event',
  channel: 'presence-a',
  user_id: 'u',
  event: 'client-a',
  data: '{}',
  socket_id: '1.2',
  subscription_count: 1,
  atMs: 1,
  status: 'deduplicated',
  cause,
  why: 'u sent it.',
  endpoints: [fate],
};

const page = { next: 'n', keptSinceMs: 0, skipped: 0 } as const;

/** Samples of the schemas of schemas/deliveries.ts. */
export const deliverySamples = {
  Delivery: delivery,
  DeliveryDetail: deliveryDetail,
  DeliveryPage: { items: [delivery], ...page } satisfies Full<PageOf<DeliveryView>>,
  Attempt: attempt,
  Event: event,
  EventPage: { items: [event], ...page } satisfies Full<PageOf<EventView>>,
  Cause: cause,
  Fate: fate,
} as const;
