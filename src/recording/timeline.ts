import type { SpanView, TimelineView } from '../views/channels.ts';
import type { ChannelState } from '../ports/channel-queries.ts';
import type { Clock, Millis, WallTime } from '../ports/clock.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { DeliveryRecord } from './delivery-record.ts';
import type { EventRecord } from './event-record.ts';
import type { Movement } from './movements.ts';
import type { Recorder } from './recorder.ts';
import { spansOf, type Grace, type CurrentState } from './spans.ts';
import { viewAttempt, viewDelivery, viewEvent, type Showing } from './views.ts';

/** The sources of a timeline. */
export interface TimelineSource {
  readonly recorder: Recorder;
  readonly clock: Pick<Clock, 'now'>;
  readonly wallTime: WallTime;
  readonly grace: Grace;
}

/** A request for the timeline of a channel, with the current state of the channel. */
export interface TimelineRequest {
  readonly appId: string;
  readonly channel: ChannelName;
  /** Undefined if it is not known. */
  readonly state: ChannelState | undefined;
  readonly showing: Showing;
}

/** The most items of each kind that a timeline shows. The latest are shown. */
const most = { rows: 200, spans: 500, events: 500, deliveries: 200 };

/** The timeline of a channel: presence, the webhook events that followed, and their deliveries. */
export function viewTimeline(source: TimelineSource, request: TimelineRequest): TimelineView {
  const { recorder, clock, wallTime } = source;
  const { appId, channel, showing } = request;
  const nowMs = clock.now();
  const toWall = (ms: Millis): number => Math.round(wallTime.now() - (nowMs - ms));
  const events = recorder
    .eventRecords()
    .filter(({ appId: app, happening }) => app === appId && happening.event.channel === channel);
  const shown = events.slice(-most.events);
  const sinceMs = Math.round(recorder.movementsSinceMs);
  const rows = rowsOf(source, { ...request, events, nowMs });
  const { skipped, keptSinceMs } = recorder.eventExtent;
  return {
    channel,
    // What was taken over from another node may have happened before.
    fromMs: Math.min(sinceMs, ...timesOf(shown.filter(({ recordedAtMs }) => recordedAtMs >= sinceMs))),
    toMs: toWall(nowMs),
    keptSinceMs: Math.round(Math.max(keptSinceMs, sinceMs)),
    skipped: skipped + events.length - shown.length,
    rows: rows.slice(0, most.rows).map(({ userId, spans }) => ({
      ...(userId !== undefined && { userId }),
      spans: spans.slice(-most.spans).map((span) => inWallTime(span, toWall)),
    })),
    ...(rows.length > most.rows && { moreRows: rows.length - most.rows }),
    events: shown.map((record) => viewEvent(record, showing)),
    deliveries: deliveriesOf(recorder, shown, showing),
  };
}

/** The channel, then its members, sorted by their last movement, latest first. */
function rowsOf(
  { recorder, wallTime, grace }: TimelineSource,
  {
    appId,
    channel,
    state,
    events,
    nowMs,
  }: TimelineRequest & { readonly events: readonly EventRecord[]; readonly nowMs: Millis },
): readonly { readonly userId?: string; readonly spans: readonly SpanView[] }[] {
  const movements = [...recorder.movementsOf(appId, channel)];
  const fromMs = nowMs - (wallTime.now() - recorder.movementsSinceMs);
  const common = { grace, fromMs, nowMs };
  const sentAt = (name: 'channel_vacated' | 'member_removed', userId?: string): readonly Millis[] =>
    events.filter((record) => isSentEvent(record, name, userId)).map(({ happening }) => happening.atMs);
  const channelRow = {
    spans: spansOf(movements, {
      ...common,
      current: state === undefined ? 'unknown' : currentState(state.occupied, state.subscriptionCount),
      endedAt: sentAt('channel_vacated'),
    }),
  };
  const present = new Set(state?.userIds);
  const memberRows = [...byUser(movements, present)].map(([userId, own]) => ({
    userId,
    spans: spansOf(own, {
      ...common,
      current: state === undefined ? 'unknown' : currentState(present.has(userId), undefined),
      endedAt: sentAt('member_removed', userId),
    }),
  }));
  return [channelRow, ...memberRows];
}

function timesOf(events: readonly EventRecord[]): readonly number[] {
  return events.map(({ happening }) => Math.round(happening.timeMs));
}

function currentState(isThere: boolean, connections: number | undefined): CurrentState {
  if (!isThere) return { isThere, connections: 0 };
  return { isThere, ...(connections !== undefined && { connections }) };
}

function isSentEvent({ status, happening }: EventRecord, name: string, userId: string | undefined): boolean {
  const { event } = happening;
  if (event.name !== name || status === 'suppressed') return false;
  return userId === undefined || ('userId' in event && event.userId === userId);
}

/** The movements of each member, those that moved last first, then present members without movements. */
function byUser(
  movements: readonly Movement[],
  present: ReadonlySet<string>,
): ReadonlyMap<string, readonly Movement[]> {
  const found = new Map<string, Movement[]>();
  for (const movement of movements) {
    const { userId } = movement;
    if (userId === undefined) continue;
    const own = found.get(userId) ?? [];
    own.push(movement);
    // Move the member to the end.
    found.delete(userId);
    found.set(userId, own);
  }
  const rows = new Map<string, readonly Movement[]>([...found].toReversed());
  for (const userId of present) if (!rows.has(userId)) rows.set(userId, []);
  return rows;
}

function inWallTime(span: SpanView, toWall: (ms: Millis) => number): SpanView {
  const { fromMs, toMs, deadlineMs, ...rest } = span;
  return {
    ...rest,
    fromMs: toWall(fromMs),
    ...(toMs !== undefined && { toMs: toWall(toMs) }),
    ...(deadlineMs !== undefined && { deadlineMs: toWall(deadlineMs) }),
  };
}

/** The kept deliveries that contain these events. */
function deliveriesOf(
  recorder: Recorder,
  events: readonly EventRecord[],
  showing: Showing,
): TimelineView['deliveries'] {
  const eventIds = new Map<string, number[]>();
  for (const event of events) {
    for (const { deliveries } of event.endpoints) {
      for (const id of deliveries) eventIds.set(id, [...(eventIds.get(id) ?? []), event.id]);
    }
  }
  const records = [...eventIds].flatMap(([id, ids]) => {
    const record = recorder.deliveryRecord(events[0]?.appId ?? '', id);
    return record === undefined ? [] : [{ record, ids }];
  });
  return records
    .toSorted((a, b) => a.record.seq - b.record.seq)
    .slice(-most.deliveries)
    .map(({ record, ids }) => viewOf(record, ids, showing));
}

function viewOf(
  record: DeliveryRecord,
  eventIds: readonly number[],
  showing: Showing,
): TimelineView['deliveries'][number] {
  const { id, endpoint, status } = viewDelivery(record);
  const attempts = record.attempts.map((attempt) => {
    const { number, atMs, elapsedMs, result, status: answered } = viewAttempt(attempt, showing);
    return {
      number,
      atMs,
      ...(elapsedMs !== undefined && { elapsedMs }),
      result,
      ...(answered !== undefined && { status: answered }),
    };
  });
  return { id, endpoint, status, eventIds, attempts };
}
