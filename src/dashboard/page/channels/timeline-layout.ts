import type { SpanView, TimelineView } from '../../../views/channels.ts';
import type { EventView } from '../../../views/deliveries.ts';
import { groupBy } from '../group-by.ts';

/** The span of time that is drawn. */
export interface TimeWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a mark looks like. `some` is several different marks that are drawn as one. */
export type MarkShape =
  | 'present'
  | 'lingering'
  | 'grace-left'
  | 'sent'
  | 'unsent'
  | 'success'
  | 'failed'
  | 'pending'
  | 'wait'
  | 'some';

/** Something that is drawn, starting at `x`. A fact or an attempt has no width. */
export interface Mark {
  readonly x: number;
  readonly width: number;
  readonly shape: MarkShape;
  readonly fromMs: number;
  readonly toMs: number;
  /** How many marks it combines. */
  readonly count: number;
  /** A description for people. */
  readonly text: string;
  /** The event that it links to. */
  readonly eventId?: number;
  /** The delivery that it links to. */
  readonly deliveryId?: string;
}

/** A row of the timeline: the channel, a member, or an endpoint with its deliveries. */
export interface TimelineRow {
  readonly kind: 'channel' | 'member' | 'endpoint';
  readonly label: string;
  readonly bars: readonly Mark[];
  /** Facts and attempts, drawn over the bars. */
  readonly points: readonly Mark[];
}

/** Everything that is drawn of a timeline. */
export interface TimelineLayout {
  readonly rows: readonly TimelineRow[];
  /** How many members have no row, because there is no room. */
  readonly hiddenMembers: number;
  /** Whether some marks combine several. */
  readonly isAggregated: boolean;
  readonly axis: readonly { readonly x: number; readonly atMs: number }[];
}

/** How to draw a timeline. Spans that have not ended are drawn up to `nowMs`. */
export interface LayoutOptions {
  readonly window: TimeWindow;
  readonly width: number;
  readonly nowMs: number;
  readonly maxMarks?: number;
  readonly maxMembers?: number;
}

/** A mark that has a time, but no position yet. */
type TimedMark = Omit<Mark, 'x' | 'width' | 'count'>;

interface Draft {
  readonly kind: TimelineRow['kind'];
  readonly label: string;
  readonly bars: readonly TimedMark[];
  readonly points: readonly TimedMark[];
}

const shortestSpanMs = 100;

/** Computes what the window shows. If there are more marks than may be drawn, neighbours are combined. */
export function layOut(view: TimelineView, options: LayoutOptions): TimelineLayout {
  const { window, width, nowMs, maxMarks = 500, maxMembers = 30 } = options;
  const pointsOf = eventPoints(view.events);
  const drafts = view.rows.map(({ userId, spans }): Draft => ({
    kind: userId === undefined ? 'channel' : 'member',
    label: userId ?? view.channel,
    bars: spans.flatMap((span) => barsOf(span, nowMs)),
    points: pointsOf.get(userId ?? '') ?? [],
  }));
  const members = drafts.filter(({ kind }) => kind === 'member').filter((row) => isSeen(row, window));
  const shown = [
    ...drafts.filter(({ kind }) => kind === 'channel'),
    ...members.slice(0, maxMembers),
    ...endpointRows(view, nowMs),
  ].map((row) => within(row, window));

  const groups = shown.flatMap(({ bars, points }) => [bars, points]);
  const shares = shareOut(
    groups.map(({ length }) => length),
    maxMarks,
  );
  const scale = { window, width };
  const rows = shown.map(({ kind, label, bars, points }, index): TimelineRow => ({
    kind,
    label,
    bars: place(bars, scale, shares[2 * index] ?? 0),
    points: place(points, scale, shares[2 * index + 1] ?? 0),
  }));
  return {
    rows,
    hiddenMembers: Math.max(0, members.length - maxMembers) + (view.moreRows ?? 0),
    isAggregated: rows.some(({ bars, points }) => [...bars, ...points].some(({ count }) => count > 1)),
    axis: axisOf(scale),
  };
}

/** Moves a window by a part of its length, within the bounds. */
export function pan(window: TimeWindow, part: number, bounds: TimeWindow): TimeWindow {
  const length = window.toMs - window.fromMs;
  const fromMs = Math.max(bounds.fromMs, Math.min(window.fromMs + length * part, bounds.toMs - length));
  return { fromMs, toMs: Math.min(bounds.toMs, fromMs + length) };
}

/** Makes a window shorter (a factor below 1) or longer around its middle, within the bounds. */
export function zoom(window: TimeWindow, factor: number, bounds: TimeWindow): TimeWindow {
  const most = Math.max(shortestSpanMs, bounds.toMs - bounds.fromMs);
  const length = Math.min(most, Math.max(shortestSpanMs, (window.toMs - window.fromMs) * factor));
  const middle = (window.fromMs + window.toMs) / 2;
  return pan({ fromMs: middle - length / 2, toMs: middle + length / 2 }, 0, bounds);
}

/** Divides a number fairly: small requests are met in full, and the larger ones share the rest equally. */
export function shareOut(wanted: readonly number[], total: number): readonly number[] {
  const shares = wanted.map(() => 0);
  const order = wanted.map((_, index) => index).toSorted((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  let left = total;
  for (const [done, index] of order.entries()) {
    const fair = Math.floor(left / (order.length - done));
    const share = Math.min(wanted[index] ?? 0, fair);
    shares[index] = share;
    left -= share;
  }
  return shares;
}

function eventPoints(events: readonly EventView[]): ReadonlyMap<string, readonly TimedMark[]> {
  const points = events.map((event) => {
    const isOfMember = event.name === 'member_added' || event.name === 'member_removed';
    const row = isOfMember ? (event.user_id ?? '') : '';
    return { row, point: eventPoint(event) };
  });
  const byRow = groupBy(points, ({ row }) => row);
  return new Map([...byRow].map(([row, list]) => [row, list.map(({ point }) => point)]));
}

function eventPoint(event: EventView): TimedMark {
  const sent = event.event === undefined ? '' : ` '${event.event}'`;
  return {
    shape: isSent(event) ? 'sent' : 'unsent',
    fromMs: event.atMs,
    toMs: event.atMs,
    text: `${event.name}${sent}: ${event.status}; ${event.why}`,
    eventId: event.id,
  };
}

function isSent({ status }: EventView): boolean {
  return status === 'delivered' || status === 'pending' || status === 'dropped' || status === 'moved';
}

function endpointRows(view: TimelineView, nowMs: number): readonly Draft[] {
  const byEndpoint = groupBy(view.deliveries, ({ endpoint }) => endpoint);
  return [...byEndpoint].map(([endpoint, deliveries]) => ({
    kind: 'endpoint',
    label: endpoint,
    bars: deliveries.flatMap((delivery) => waitOf(delivery, nowMs)),
    points: deliveries.flatMap(({ id, attempts, eventIds }) =>
      attempts.map(({ number, atMs, elapsedMs, result, status }): TimedMark => ({
        shape: result === 'success' ? 'success' : result === 'pending' ? 'pending' : 'failed',
        fromMs: atMs,
        toMs: atMs,
        text:
          `Attempt ${number} of ${id}, ${eventIds.length === 1 ? '1 event' : `${eventIds.length} events`}: ` +
          `${status ?? result}${elapsedMs === undefined ? '' : ` after ${Math.round(elapsedMs)} ms`}`,
        deliveryId: id,
      })),
    ),
  }));
}

/** The line from the first attempt of a delivery to its end. */
function waitOf(delivery: TimelineView['deliveries'][number], nowMs: number): readonly TimedMark[] {
  const { id, status, attempts } = delivery;
  const first = attempts[0];
  const last = attempts.at(-1);
  if (first === undefined || last === undefined) return [];
  const toMs = status === 'pending' ? nowMs : last.atMs + (last.elapsedMs ?? 0);
  const text = `${id}: ${status}, ${attempts.length === 1 ? '1 attempt' : `${attempts.length} attempts`}`;
  return [{ shape: 'wait', fromMs: first.atMs, toMs: Math.max(toMs, first.atMs), text, deliveryId: id }];
}

/** A span as a bar. The rest of a running grace period is a second bar. */
function barsOf(span: SpanView, nowMs: number): readonly TimedMark[] {
  const { state, fromMs, toMs = nowMs, deadlineMs } = span;
  const bar: TimedMark = { shape: state, fromMs, toMs, text: describeSpan(span, nowMs) };
  if (span.toMs !== undefined || deadlineMs === undefined || deadlineMs <= nowMs) return [bar];
  const text = `The grace period ends in ${lengthOf(deadlineMs - nowMs)}, unless a client returns`;
  return [bar, { shape: 'grace-left', fromMs: nowMs, toMs: deadlineMs, text }];
}

function describeSpan(span: SpanView, nowMs: number): string {
  const { state, fromMs, toMs, deadlineMs, beganBefore } = span;
  const known = lengthOf((toMs ?? nowMs) - fromMs);
  const lasted = beganBefore === true ? `at least ${known}` : known;
  switch (state) {
    case 'present':
      return toMs === undefined ? `Present for ${lasted} so far` : `Present for ${lasted}`;
    case 'lingering': {
      const grace = deadlineMs === undefined ? '' : ` of ${lengthOf(deadlineMs - fromMs)}`;
      if (toMs === undefined) return `In the grace period for ${lasted}${grace} so far`;
      return deadlineMs !== undefined && toMs < deadlineMs
        ? `In the grace period for ${lasted}${grace}, then returned`
        : `In the grace period for ${lasted}, until it ended`;
    }
  }
}

function lengthOf(ms: number): string {
  return `${ms < 10_000 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;
}

function isSeen({ bars, points }: Draft, window: TimeWindow): boolean {
  return [...bars, ...points].some((mark) => overlaps(mark, window));
}

function within(row: Draft, window: TimeWindow): Draft {
  return {
    ...row,
    bars: row.bars.filter((mark) => overlaps(mark, window)),
    points: row.points.filter((mark) => overlaps(mark, window)),
  };
}

function overlaps({ fromMs, toMs }: TimedMark, window: TimeWindow): boolean {
  return toMs >= window.fromMs && fromMs <= window.toMs;
}

interface Scale {
  readonly window: TimeWindow;
  readonly width: number;
}

/** Positions the marks. If there are more than `most`, those in the same part of the width are combined. */
function place(marks: readonly TimedMark[], scale: Scale, most: number): readonly Mark[] {
  if (marks.length <= most) return marks.map((mark) => placeOne(mark, scale, 1));
  if (most === 0) return [];
  const middleOf = ({ fromMs, toMs }: TimedMark) => xOf((fromMs + toMs) / 2, scale);
  const parts = groupBy(marks, (mark) =>
    Math.min(most - 1, Math.floor((middleOf(mark) / scale.width) * most)),
  );
  return [...parts.values()].map((part) => {
    const [first] = part;
    if (first !== undefined && part.length === 1) return placeOne(first, scale, 1);
    const fromMs = Math.min(...part.map((mark) => mark.fromMs));
    const toMs = Math.max(...part.map((mark) => mark.toMs));
    const text = `${part.length} marks in ${Math.max(1, Math.round(toMs - fromMs))} ms; zoom in to see each`;
    return placeOne({ shape: commonShape(part), fromMs, toMs, text }, scale, part.length);
  });
}

/** The shape of combined marks. A failure must stay visible among successes. */
function commonShape(part: readonly TimedMark[]): MarkShape {
  if (part.some(({ shape }) => shape === 'failed')) return 'failed';
  const shapes = new Set(part.map(({ shape }) => shape));
  const [only] = shapes;
  return shapes.size === 1 && only !== undefined ? only : 'some';
}

function placeOne(mark: TimedMark, scale: Scale, count: number): Mark {
  const x = xOf(mark.fromMs, scale);
  return { ...mark, x, width: xOf(mark.toMs, scale) - x, count };
}

function xOf(atMs: number, { window, width }: Scale): number {
  const part = (atMs - window.fromMs) / Math.max(1, window.toMs - window.fromMs);
  return Math.max(0, Math.min(1, part)) * width;
}

const steps = [
  10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000,
] as const;

const dayMs = 86_400_000;

/** Round times, about a hundred pixels apart. */
function axisOf(scale: Scale): TimelineLayout['axis'] {
  const { fromMs, toMs } = scale.window;
  const atLeast = ((toMs - fromMs) * 100) / Math.max(1, scale.width);
  const step = steps.find((one) => one >= atLeast) ?? Math.ceil(atLeast / dayMs) * dayMs;
  const axis = [];
  for (let atMs = Math.ceil(fromMs / step) * step; atMs <= toMs && axis.length < 100; atMs += step)
    axis.push({ x: xOf(atMs, scale), atMs });
  return axis;
}
