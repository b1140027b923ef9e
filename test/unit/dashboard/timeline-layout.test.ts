import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TimelineView } from '../../../src/views/channels.ts';
import type { EventView } from '../../../src/views/deliveries.ts';
import { layOut, pan, shareOut, zoom } from '../../../src/dashboard/page/channels/timeline-layout.ts';

const event = (id: number, atMs: number, fields: Partial<EventView> = {}): EventView => ({
  id,
  appId: 'app',
  name: 'member_added',
  channel: 'presence-room',
  user_id: 'ann',
  atMs,
  status: 'delivered',
  cause: { kind: 'subscribed', atMs },
  why: 'socket 1.1 subscribed',
  endpoints: [],
  ...fields,
});

const view = (fields: Partial<TimelineView> = {}): TimelineView => ({
  channel: 'presence-room',
  fromMs: 0,
  toMs: 10_000,
  keptSinceMs: 0,
  skipped: 0,
  rows: [
    { spans: [{ state: 'present', fromMs: 0 }] },
    {
      userId: 'ann',
      spans: [
        { state: 'present', fromMs: 0, toMs: 5000 },
        { state: 'lingering', fromMs: 5000, toMs: 6000, deadlineMs: 8000 },
        { state: 'present', fromMs: 6000 },
      ],
    },
  ],
  events: [],
  deliveries: [],
  ...fields,
});

const all = { window: { fromMs: 0, toMs: 10_000 }, width: 1000, nowMs: 10_000 };

describe('The layout of a timeline', () => {
  it('positions a span, and draws an open one up to now', () => {
    const [channel, ann] = layOut(view(), all).rows;
    expect(channel?.bars).toMatchObject([{ x: 0, width: 1000, shape: 'present' }]);
    expect(ann?.bars).toMatchObject([
      { x: 0, width: 500, shape: 'present' },
      {
        x: 500,
        width: 100,
        shape: 'lingering',
        text: 'In the grace period for 1.0 s of 3.0 s, then returned',
      },
      { x: 600, width: 400, shape: 'present' },
    ]);
  });

  it('shows the rest of a running grace period', () => {
    const rows: TimelineView['rows'] = [
      { spans: [{ state: 'lingering', fromMs: 9000, deadlineMs: 12_000 }] },
    ];
    const window = { fromMs: 0, toMs: 20_000 };
    const [channel] = layOut(view({ rows }), { ...all, window }).rows;
    expect(channel?.bars).toMatchObject([
      { x: 450, width: 50, shape: 'lingering', text: 'In the grace period for 1.0 s of 3.0 s so far' },
      { x: 500, width: 100, shape: 'grace-left' },
    ]);
  });

  it('cuts spans off at the edges of the window', () => {
    const { rows } = layOut(view(), { ...all, window: { fromMs: 4000, toMs: 5500 } });
    expect(rows[1]?.bars.map(({ x, width }) => [x, Math.round(width)])).toEqual([
      [0, 667],
      [expect.closeTo(666.7, 0), 333],
    ]);
  });

  it('puts an event of a member in the row of the member, and any other in the row of the channel', () => {
    const events = [event(1, 1000), event(2, 2000, { name: 'cache_miss', status: 'deduplicated' })];
    const [channel, ann] = layOut(view({ events }), all).rows;
    expect(ann?.points).toMatchObject([{ x: 100, shape: 'sent', eventId: 1 }]);
    expect(channel?.points).toMatchObject([{ x: 200, shape: 'unsent', eventId: 2 }]);
  });

  it('draws a delivery from its first attempt to its end, and each attempt by its result', () => {
    const deliveries: TimelineView['deliveries'] = [
      {
        id: 'msg_1',
        endpoint: 'backend',
        status: 'delivered',
        eventIds: [1],
        attempts: [
          { number: 1, atMs: 1000, elapsedMs: 100, result: 'refused', status: 503 },
          { number: 2, atMs: 3000, elapsedMs: 100, result: 'success', status: 200 },
        ],
      },
    ];
    const row = layOut(view({ deliveries }), all).rows.at(-1);
    expect(row).toMatchObject({ kind: 'endpoint', label: 'backend' });
    expect(row?.bars).toMatchObject([{ x: 100, width: 210, shape: 'wait' }]);
    expect(row?.points).toMatchObject([{ shape: 'failed' }, { shape: 'success', x: 300 }]);
    expect(row?.points[0]?.text).toBe('Attempt 1 of msg_1, 1 event: 503 after 100 ms');
  });

  it('keeps a failure visible when marks are combined', () => {
    const attempts = Array.from({ length: 50 }, (_, index) => ({
      number: index + 1,
      atMs: 100 + index,
      result: index === 20 ? ('timeout' as const) : ('success' as const),
    }));
    const deliveries = [{ id: 'msg', endpoint: 'e', status: 'pending' as const, eventIds: [], attempts }];
    const layout = layOut(view({ deliveries }), { ...all, maxMarks: 10 });
    expect(layout.isAggregated).toBe(true);
    expect(layout.rows.at(-1)?.points).toMatchObject([{ shape: 'failed', count: 50 }]);
  });

  it('counts the members without a row', () => {
    const rows = Array.from({ length: 50 }, (_, index) => ({
      userId: `user-${index}`,
      spans: [{ state: 'present' as const, fromMs: 0 }],
    }));
    const layout = layOut(view({ rows }), { ...all, maxMembers: 20 });
    expect(layout).toMatchObject({ hiddenMembers: 30, rows: { length: 20 } });
  });

  it('draws at most the maximum of marks, each within the width, and leaves none out', () => {
    const moment = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(
        fc.array(moment, { maxLength: 400 }),
        fc.array(fc.record({ userId: fc.constantFrom('ann', 'ben', 'cy'), at: moment }), { maxLength: 100 }),
        fc.integer({ min: 20, max: 300 }),
        (moments, spans, maxMarks) => {
          const events = moments.map((atMs, id) => event(id, atMs));
          const rows = ['ann', 'ben', 'cy'].map((userId) => ({
            userId,
            spans: spans
              .filter((span) => span.userId === userId)
              .map(({ at }) => ({ state: 'present' as const, fromMs: at, toMs: at + 10 })),
          }));
          const layout = layOut(view({ events, rows: [{ spans: [] }, ...rows] }), { ...all, maxMarks });
          const marks = layout.rows.flatMap(({ bars, points }) => [...bars, ...points]);
          expect(marks.length).toBeLessThanOrEqual(maxMarks);
          for (const { x, width } of marks) {
            expect(x).toBeGreaterThanOrEqual(0);
            expect(x + width).toBeLessThanOrEqual(1000 + 1e-6);
          }
          const drawn = marks.reduce((sum, { count }) => sum + count, 0);
          const annIsShown = moments.length > 0 || spans.some(({ userId }) => userId === 'ann');
          expect(drawn).toBe(spans.length + (annIsShown ? moments.length : 0));
        },
      ),
    );
  });

  it('labels round times, far enough apart to be readable', () => {
    const { axis } = layOut(view(), all);
    expect(axis.map(({ atMs }) => atMs)).toEqual([
      0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000,
    ]);
    const dayMs = 86_400_000;
    const weeks = layOut(view(), { ...all, window: { fromMs: 0, toMs: 30 * dayMs } });
    expect(weeks.axis.map(({ atMs }) => atMs / dayMs)).toEqual([0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30]);
  });
});

describe('shareOut', () => {
  it('meets small requests in full, and shares the rest equally', () => {
    expect(shareOut([2, 100, 50], 62)).toEqual([2, 30, 30]);
    expect(shareOut([1, 2], 10)).toEqual([1, 2]);
  });
});

describe('Zoom and pan', () => {
  const bounds = { fromMs: 0, toMs: 10_000 };

  it('halves around the middle', () => {
    expect(zoom({ fromMs: 2000, toMs: 6000 }, 0.5, bounds)).toEqual({ fromMs: 3000, toMs: 5000 });
  });

  it('stays within the bounds, and is never empty', () => {
    const window = fc.tuple(fc.integer({ min: 0, max: 9000 }), fc.integer({ min: 100, max: 1000 }));
    fc.assert(
      fc.property(
        window,
        fc.double({ min: 0.01, max: 50, noNaN: true }),
        fc.double({ min: -5, max: 5, noNaN: true }),
        ([fromMs, length], factor, part) => {
          const moved = pan(zoom({ fromMs, toMs: fromMs + length }, factor, bounds), part, bounds);
          expect(moved.fromMs).toBeGreaterThanOrEqual(bounds.fromMs);
          expect(moved.toMs).toBeLessThanOrEqual(bounds.toMs);
          expect(moved.toMs - moved.fromMs).toBeGreaterThanOrEqual(99.999);
        },
      ),
    );
  });
});
