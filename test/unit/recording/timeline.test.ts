import { describe, expect, test } from 'vitest';
import type { ChannelState } from '../../../src/ports/channel-queries.ts';
import { Recorder } from '../../../src/recording/recorder.ts';
import { viewTimeline } from '../../../src/recording/timeline.ts';
import type { WebhookEvent } from '../../../src/webhooks/event.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { channelName } from '../../support/unit/application.ts';
import {
  attemptWith,
  connection,
  decided,
  ended,
  selected,
  startsAtMs,
  subscriptionTo,
} from '../../support/unit/recording.ts';

const room = channelName('presence-room');
const grace = { disconnectMs: 3000, unsubscribeMs: 1000 };
const showing = { payloads: true, headerValues: true };

function stage(bytes = 1_000_000) {
  const clock = new FakeClock();
  const wallTime = { now: () => startsAtMs + clock.now() };
  const recorder = new Recorder({ clock, wallTime, budget: { bytes, events: { perSecond: 500 } } });
  const timeline = (state?: Partial<ChannelState>) => {
    const whole = state && { occupied: true, userIds: [], subscriptionCount: 1, ...state };
    const request = { appId: '1', channel: room, state: whole, showing };
    const view = viewTimeline({ recorder, clock, wallTime, grace }, request);
    // From the start of the test on.
    const rows = view.rows.map(({ userId, spans }) => ({
      ...(userId !== undefined && { userId }),
      spans: spans.map(({ fromMs, toMs, deadlineMs, ...rest }) => ({
        ...rest,
        from: fromMs - startsAtMs,
        ...(toMs !== undefined && { to: toMs - startsAtMs }),
        ...(deadlineMs !== undefined && { deadline: deadlineMs - startsAtMs }),
      })),
    }));
    return { view, rows };
  };
  const join = (id: string, userId?: string) => recorder.joined(connection(id), room, userId);
  const leave = (id: string, how: 'disconnected' | 'unsubscribed' | 'refused', userId?: string) =>
    recorder.left(connection(id), subscriptionTo(room, userId), how);
  return { clock, recorder, timeline, join, leave };
}

describe('a timeline', () => {
  test('begins with an event that was taken over from another node, but not with an old failure', () => {
    const { clock, recorder, timeline, join } = stage(30_000);
    const failed: WebhookEvent = { name: 'channel_vacated', channel: room };
    recorder.onFact(selected(failed));
    recorder.onFact(decided([failed], 'expired'));
    clock.advanceSync(1000);
    // The movements of that time are deleted.
    for (let count = 0; count < 100; count += 1) join('1.1');
    clock.advanceSync(60_000);
    const { fromMs } = timeline().view;
    expect(fromMs).toBe(startsAtMs + 1000);
    recorder.onFact(selected({ name: 'channel_occupied', channel: room }, '1', { ageMs: 60_500 }));
    const { view } = timeline();
    expect(view.events.map(({ atMs }) => atMs - startsAtMs)).toEqual([0, 500]);
    expect(view.fromMs).toBe(startsAtMs + 500);
  });

  test('shows a channel as present while it has subscribers, and as lingering until a return', () => {
    const { clock, timeline, join, leave } = stage();
    clock.advanceSync(100);
    join('1.1');
    clock.advanceSync(100);
    join('2.2');
    leave('1.1', 'disconnected');
    clock.advanceSync(100);
    leave('2.2', 'disconnected');
    clock.advanceSync(1000);
    join('1.1');
    clock.advanceSync(50);
    expect(timeline({ subscriptionCount: 1 }).rows).toEqual([
      {
        spans: [
          { state: 'present', from: 100, to: 300 },
          { state: 'lingering', from: 300, to: 1300, deadline: 3300 },
          { state: 'present', from: 1300 },
        ],
      },
    ]);
  });

  test('uses the latest deadline of several departures', () => {
    const { clock, timeline, join, leave } = stage();
    join('1.1');
    join('2.2');
    leave('1.1', 'disconnected');
    clock.advanceSync(500);
    leave('2.2', 'unsubscribed');
    clock.advanceSync(500);
    expect(timeline({ occupied: false, subscriptionCount: 0 }).rows).toEqual([
      {
        spans: [
          { state: 'present', from: 0, to: 500 },
          { state: 'lingering', from: 500, deadline: 3000 },
        ],
      },
    ]);
  });

  test('ends a lingering span when the departure is sent, otherwise at its deadline', () => {
    const { clock, recorder, timeline, join, leave } = stage();
    join('1.1', '42');
    join('2.2', '43');
    leave('1.1', 'disconnected', '42');
    leave('2.2', 'disconnected', '43');
    clock.advanceSync(3010);
    recorder.onFact(selected({ name: 'member_removed', channel: room, userId: '42' }));
    recorder.suppressed('1', { name: 'member_removed', channel: room, userId: '43' }, 'grace');
    clock.advanceSync(1000);
    const vacant = { occupied: false, subscriptionCount: 0 };
    expect(timeline(vacant).rows.slice(1)).toEqual([
      {
        userId: '43',
        spans: [
          { state: 'present', from: 0, to: 0 },
          { state: 'lingering', from: 0, to: 3000, deadline: 3000 },
        ],
      },
      {
        userId: '42',
        spans: [
          { state: 'present', from: 0, to: 0 },
          { state: 'lingering', from: 0, to: 3010, deadline: 3000 },
        ],
      },
    ]);
  });

  test('separates members, and counts the connections of each', () => {
    const { clock, timeline, join, leave } = stage();
    join('1.1', '42');
    join('2.2', '42');
    join('3.3', '43');
    clock.advanceSync(100);
    leave('1.1', 'unsubscribed', '42');
    leave('3.3', 'refused', '43');
    clock.advanceSync(100);
    expect(timeline({ userIds: ['42'], subscriptionCount: 1 }).rows).toEqual([
      { spans: [{ state: 'present', from: 0 }] },
      { userId: '43', spans: [{ state: 'present', from: 0, to: 100 }] },
      { userId: '42', spans: [{ state: 'present', from: 0 }] },
    ]);
  });

  test('includes subscribers from before the first kept movement', () => {
    const { clock, recorder, timeline, join, leave } = stage(40_000);
    join('1.1', 'old');
    join('2.2', 'quiet');
    clock.advanceSync(100);
    const other = channelName('other');
    for (let count = 0; count < 100; count += 1) recorder.joined(connection('9.9'), other, undefined);
    clock.advanceSync(100);
    leave('1.1', 'unsubscribed', 'old');
    clock.advanceSync(10);
    expect(timeline({ userIds: ['quiet'], subscriptionCount: 1 }).rows).toEqual([
      { spans: [{ state: 'present', from: 100, beganBefore: true }] },
      {
        userId: 'old',
        spans: [
          { state: 'present', from: 100, to: 200, beganBefore: true },
          { state: 'lingering', from: 200, deadline: 1200 },
        ],
      },
      { userId: 'quiet', spans: [{ state: 'present', from: 100, beganBefore: true }] },
    ]);
    expect(timeline({ userIds: ['quiet'] }).view.fromMs).toBe(startsAtMs + 100);
  });

  test('shows no presence if it is not known', () => {
    expect(stage().timeline().rows).toEqual([{ spans: [] }]);
  });

  test('has the events of the channel and their deliveries with each attempt', () => {
    const { clock, recorder, timeline } = stage();
    const added = { name: 'member_added', channel: room, userId: '42' } as const;
    const elsewhere = { name: 'channel_occupied', channel: channelName('other') } as const;
    recorder.onFact(selected(added));
    recorder.onFact(selected(elsewhere));
    recorder.onFact(selected({ ...added }, '2'));
    const attempt = attemptWith([added, elsewhere]);
    recorder.onFact({ kind: 'attempt-began', attempt });
    clock.advanceSync(40);
    recorder.onFact(ended(attempt, { kind: 'answered', status: 200 }));
    recorder.onFact(decided([added, elsewhere], 'delivered'));
    const { view } = timeline({});
    expect(view.events).toMatchObject([{ id: 1, name: 'member_added', status: 'delivered' }]);
    expect(view.deliveries).toEqual([
      {
        id: 'msg_1',
        endpoint: 'main',
        status: 'delivered',
        eventIds: [1],
        attempts: [{ number: 1, atMs: startsAtMs, elapsedMs: 40, result: 'success', status: 200 }],
      },
    ]);
  });

  test('shows the latest of many members, and the number of the others', () => {
    const { timeline, join } = stage();
    for (let count = 0; count < 250; count += 1) join(`1.${count}`, `${count}`);
    const { view } = timeline({});
    expect([view.rows.length, view.rows[1]?.userId, view.moreRows]).toEqual([200, '249', 51]);
  });
});
