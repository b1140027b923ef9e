import type {
  AttemptView,
  CauseView,
  DeliveryDetail,
  DeliveryView,
  EventView,
  FateView,
} from '../views/deliveries.ts';
import type { DeliveryRecord, RecordedAttempt } from './delivery-record.ts';
import { fieldsOf, type EventRecord } from './event-record.ts';
import { explain } from './explain.ts';
import { formatTimeOfDay } from './moments.ts';
import type { EndpointFate, EventCause } from './records.ts';

/** What may be shown. */
export interface Showing {
  /** Data of events, bodies of requests and answers. */
  readonly payloads: boolean;
  /** Values of the headers that an endpoint was given besides those of the protocol: they may be secrets. */
  readonly headerValues: boolean;
}

/** So many events of a delivery are named in a list. */
const mostNamed = 50;

/** An event with what caused it and what became of it, by the time of day. */
export function viewEvent(record: EventRecord, { payloads }: Showing): EventView {
  const { id, appId, event, atMs, timeMs } = record.happening;
  const { data, ...fields } = fieldsOf(event);
  const { status, cause, endpoints } = record;
  const told = {
    id,
    appId,
    ...fields,
    atMs: Math.round(timeMs),
    status,
    cause: inWallTime(cause, timeMs - atMs),
  };
  return {
    ...told,
    ...(payloads && data !== undefined && { data }),
    why: explain({ ...told, endpoints }, formatTimeOfDay),
    endpoints: endpoints.map(viewFate),
  };
}

/** A delivery as it stands in a list. */
export function viewDelivery(record: DeliveryRecord): DeliveryView {
  const { id, appId, endpoint, url, fate, attempts, nextAttemptAt } = record;
  const last = attempts.at(-1);
  return {
    id,
    appId,
    endpoint,
    url,
    ...(fate === undefined || fate === 'delivered'
      ? { status: fate ?? 'pending' }
      : { status: 'dropped', reason: fate }),
    atMs: Math.round(record.beganAtMs ?? 0),
    events: nameEvents(record),
    eventCount: record.eventCount,
    attempts: countAttempts(attempts),
    ...(last && { lastAttempt: endOf(last) }),
    ...(last?.elapsedMs !== undefined && { elapsedMs: roundMs(last.elapsedMs) }),
    ...(nextAttemptAt !== undefined && { nextAttemptAtMs: Math.round(nextAttemptAt) }),
    isResent: record.isResent,
  };
}

/** A delivery in full. */
export function viewDeliveryDetail(record: DeliveryRecord, showing: Showing): DeliveryDetail {
  return {
    ...viewDelivery(record),
    body: showing.payloads ? record.body : '',
    attemptList: record.attempts.map((attempt) => viewAttempt(attempt, showing)),
    eventIds: record.eventIds,
  };
}

/** One attempt. */
export function viewAttempt(attempt: RecordedAttempt, showing: Showing): AttemptView {
  const { number, resend, timeMs, elapsedMs, headers, end } = attempt;
  const answer = end?.answer;
  return {
    number,
    ...(resend !== undefined && { resend }),
    atMs: Math.round(timeMs),
    ...(elapsedMs !== undefined && { elapsedMs: roundMs(elapsedMs) }),
    ...endOf(attempt),
    headers: showing.headerValues ? headers : hideOwnHeaders(headers),
    ...(showing.payloads && answer !== undefined && { answer }),
  };
}

/** How often it was tried: earlier attempts may not be kept. */
export function countAttempts(attempts: readonly RecordedAttempt[]): number {
  return attempts.reduce((most, { number }) => Math.max(most, number), 0);
}

function roundMs(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function endOf({ end }: RecordedAttempt): Pick<AttemptView, 'result' | 'status' | 'error'> {
  if (end === undefined) return { result: 'pending' };
  const { outcome, status, error } = end;
  return {
    result: outcome,
    ...(status !== undefined && { status }),
    ...(error !== undefined && { error }),
  };
}

function inWallTime(cause: EventCause, offsetMs: number): CauseView {
  return { ...cause, atMs: Math.round(cause.atMs + offsetMs) };
}

function viewFate({ endpoint, url, status, reason, deliveries, attempts }: EndpointFate): FateView {
  return { endpoint, url, status, ...(reason !== undefined && { reason }), deliveries, attempts };
}

/** Each name, channel and user once. */
function nameEvents({ events }: DeliveryRecord): DeliveryView['events'] {
  const named = new Map<string, DeliveryView['events'][number]>();
  for (const event of events) {
    if (named.size === mostNamed) break;
    const { name, channel, user_id: userId } = event;
    const key = `${name} ${channel} ${userId ?? ''}`;
    if (!named.has(key)) {
      named.set(key, { name, channel, ...(userId !== undefined && { user_id: userId }) });
    }
  }
  return [...named.values()];
}

/** What the delivery itself sets; no endpoint can be given one of these names. */
const protocolHeaders =
  /^(content-type|x-pusher-key|x-pusher-signature|x-soketify-(attempt|epoch|resend|test)|webhook-(id|timestamp|signature))$/i;

function hideOwnHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, protocolHeaders.test(name) ? value : '']),
  );
}
