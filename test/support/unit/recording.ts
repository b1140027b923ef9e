import { queue } from '../../../src/dispatch/held-events.ts';
import type { Outcome } from '../../../src/ports/webhook-sender.ts';
import type { Attempt } from '../../../src/webhooks/attempt.ts';
import {
  resultOf,
  type AttemptEnded,
  type Decided,
  type DeliveryFact,
} from '../../../src/webhooks/delivery-facts.ts';
import type { Endpoint } from '../../../src/webhooks/endpoint.ts';
import type { WebhookEvent } from '../../../src/webhooks/event.ts';
import { createPayload } from '../../../src/webhooks/payload.ts';
import type { QueuedEvent } from '../../../src/webhooks/lane.ts';
import { channelName, endpoint, socketIdOf } from './application.ts';

/** The time of day when a test starts, in milliseconds: 22:13:20 UTC. */
export const startsAtMs = 1_700_000_000_000;

interface Serving {
  readonly endpoint: Endpoint;
}

export const main = { endpoint: endpoint() };
export const picky = {
  endpoint: endpoint({ id: 'picky', url: 'http://picky/', channels: { startsWith: 'x-' } }),
};
export const news = channelName('news');

export const connection = (id: string, appId = '1') => ({
  socketId: socketIdOf(id),
  app: { config: { id: appId } },
});

/** A channel or a member that a connection has left. */
export const subscriptionTo = (channel = news, userId?: string) => ({ channel: { name: channel }, userId });

export const occupied = (channel = news): WebhookEvent => ({ name: 'channel_occupied', channel });
export const vacated = (channel = news): WebhookEvent => ({ name: 'channel_vacated', channel });

const queuedEvents = new WeakMap<WebhookEvent, QueuedEvent>();

/** A pending event, always the same one. It occurred at time zero of the clock. */
export function queuedOf(event: WebhookEvent): QueuedEvent {
  const queued = queuedEvents.get(event) ?? queue(event, { createdAt: 0, seq: 0 });
  queuedEvents.set(event, queued);
  return queued;
}

export function selected(
  event: WebhookEvent,
  appId = '1',
  {
    served = [main],
    selecting = served,
    ageMs = 0,
  }: Partial<Record<'served' | 'selecting', readonly Serving[]>> & { readonly ageMs?: number } = {},
): DeliveryFact {
  const queued = selecting.length === 0 ? undefined : queuedOf(event);
  return { kind: 'selected', appId, event, served, selecting, queued, ageMs, settledFor: new Set() };
}

/** An attempt with these events. */
export function attemptWith(
  events: readonly WebhookEvent[],
  { number = 1, webhookId = 'msg_1' }: { readonly number?: number; readonly webhookId?: string } = {},
): Attempt {
  return {
    appId: '1',
    endpoint: main.endpoint,
    webhookId,
    number,
    request: {
      appId: '1',
      endpointId: 'main',
      url: 'http://receiver/hook',
      headers: { 'X-Own': 'secret', 'X-Pusher-Key': 'app-key' },
      body: createPayload({
        id: webhookId,
        timeMs: 1,
        events: events.map((event) => queuedOf(event).json),
      }).body,
    },
    events: events.map(queuedOf),
  };
}

export function ended(attempt: Attempt, outcome: Outcome, given: Partial<AttemptEnded> = {}): AttemptEnded {
  return {
    kind: 'attempt-ended',
    attempt,
    outcome,
    result: resultOf(outcome),
    elapsedMs: 0,
    retryInMs: undefined,
    wasFailing: false,
    isFailing: false,
    ...given,
  };
}

export function decided(
  events: readonly WebhookEvent[],
  fate: Decided['fate'],
  given: Partial<Decided> = {},
): Decided {
  return {
    kind: 'decided',
    appId: '1',
    endpoint: main.endpoint,
    fate,
    events: events.map(queuedOf),
    webhookId: 'msg_1',
    timeMs: 1,
    deliveriesStarted: 1,
    attempts: 1,
    isUnsure: false,
    mayHaveArrived: false,
    ...given,
  };
}
