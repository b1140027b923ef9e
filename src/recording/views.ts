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
import type { EventCause, RecordedFate } from './records.ts';

/** What a view may show. */
export interface Showing {
  /** Event data, and the bodies of requests and responses. */
  readonly payloads: boolean;
  /** The values of the extra headers of an endpoint, which may be secrets. */
  readonly headerValues: boolean;
}

/** The most events of a delivery that a list names. */
const maxNamed = 50;

/** An event with its cause and outcome, with times in milliseconds since 1970. */
export function viewEvent(record: EventRecord, { payloads }: Showing): EventView {
  const { id, appId, event, atMs, timeMs } = record.happening;
  const { data, ...fields } = fieldsOf(event);
  const { status, cause, endpoints } = record;
  const common = {
    id,
    appId,
    ...fields,
    atMs: Math.round(timeMs),
    status,
    cause: inWallTime(cause, timeMs - atMs),
  };
  return {
    ...common,
    ...(payloads && data !== undefined && { data }),
    why: explain({ ...common, endpoints }, formatTimeOfDay),
    endpoints: endpoints.map(viewFate),
  };
}

/** A delivery in a list. */
export function viewDelivery(record: DeliveryRecord): DeliveryView {
  const { id, appId, endpoint, url, outcome, attempts, nextAttemptAt } = record;
  const last = attempts.at(-1);
  return {
    id,
    appId,
    endpoint,
    url,
    ...outcome,
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

/** The number of attempts, including those that are no longer kept. */
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

function viewFate({ endpoint, url, status, reason, deliveries, attempts }: RecordedFate): FateView {
  return { endpoint, url, status, ...(reason !== undefined && { reason }), deliveries, attempts };
}

/** The distinct combinations of name, channel and user. */
function nameEvents({ events }: DeliveryRecord): DeliveryView['events'] {
  const named = new Map<string, DeliveryView['events'][number]>();
  for (const event of events) {
    if (named.size === maxNamed) break;
    const { name, channel, user_id: userId } = event;
    const key = `${name} ${channel} ${userId ?? ''}`;
    if (!named.has(key)) {
      named.set(key, { name, channel, ...(userId !== undefined && { user_id: userId }) });
    }
  }
  return [...named.values()];
}

/** The headers that the server sets itself. Extra headers of an endpoint cannot have these names. */
const protocolHeaders =
  /^(content-type|x-pusher-key|x-pusher-signature|x-soketify-(attempt|epoch|resend|test)|webhook-(id|timestamp|signature))$/i;

function hideOwnHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, protocolHeaders.test(name) ? value : '']),
  );
}
