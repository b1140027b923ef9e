import { describe, expect, test, vi } from 'vitest';
import { Recorder } from '../../../src/recording/recorder.ts';
import type { WebhookEvent } from '../../../src/webhooks/event.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import {
  connection,
  decided,
  ended,
  main,
  news,
  occupied,
  picky,
  queuedOf,
  selected,
  vacated,
} from '../../support/unit/recording.ts';

function stage(capacity?: number) {
  const clock = new FakeClock();
  const changed = vi.fn();
  const wallTime = { now: () => 1_700_000_000_000 + clock.now() };
  const recorder = new Recorder({ clock, wallTime, changed, ...(capacity !== undefined && { capacity }) });
  const attempt = (event: WebhookEvent, number = 1, webhookId = 'msg_1') => ({
    appId: '1',
    endpoint: main.endpoint,
    webhookId,
    number,
    request: {
      appId: '1',
      endpointId: 'main',
      url: 'http://receiver/hook',
      headers: { a: 'b' },
      body: Buffer.from('{}'),
    },
    events: [queuedOf(event)],
  });
  return { clock, changed, recorder, attempt };
}

describe('the recorder', () => {
  test('follows an event from its cause to its end', () => {
    const { clock, recorder, attempt } = stage();
    const event = occupied();
    recorder.joined(connection('1.1'), news, undefined);
    recorder.onFact(selected(event, '1', { served: [main, picky], selecting: [main] }));
    expect(recorder.events()).toMatchObject([
      { id: 1, status: 'pending', why: 'socket 1.1 subscribed; queued for http://receiver/hook' },
    ]);
    const first = attempt(event);
    recorder.onFact({ kind: 'attempt-began', attempt: first });
    expect(recorder.deliveries()).toMatchObject([{ status: 'pending', attempts: [{ outcome: 'pending' }] }]);
    clock.advanceSync(30);
    recorder.onFact(ended(first, { kind: 'answered', status: 503 }));
    const second = attempt(event, 2);
    recorder.onFact({ kind: 'attempt-began', attempt: second });
    recorder.onFact(ended(second, { kind: 'answered', status: 204 }));
    recorder.onFact(decided([event], 'delivered'));
    expect(recorder.events()[0]).toMatchObject({
      status: 'delivered',
      endpoints: [
        { endpoint: 'main', status: 'delivered', attempts: 2, deliveries: ['msg_1'] },
        { endpoint: 'picky', status: 'filtered', reason: 'channel', attempts: 0 },
      ],
    });
    expect(recorder.deliveries()).toEqual([
      {
        id: 'msg_1',
        appId: '1',
        endpoint: 'main',
        url: 'http://receiver/hook',
        status: 'delivered',
        eventIds: [1],
        body: '{}',
        attempts: [
          {
            number: 1,
            atMs: 0,
            timeMs: 1_700_000_000_000,
            elapsedMs: 30,
            outcome: 'refused',
            status: 503,
            headers: { a: 'b' },
          },
          {
            number: 2,
            atMs: 30,
            timeMs: 1_700_000_000_030,
            elapsedMs: 0,
            outcome: 'success',
            status: 204,
            headers: { a: 'b' },
          },
        ],
      },
    ]);
  });

  test('uses the last connection to leave as the cause of a departure, and forgets it once the departure was sent', () => {
    const { clock, recorder } = stage();
    recorder.joined(connection('1.1'), news, undefined);
    recorder.joined(connection('2.2'), news, undefined);
    recorder.left(connection('1.1'), { channel: { name: news }, userId: undefined }, 'disconnected');
    clock.advanceSync(5);
    recorder.left(connection('2.2'), { channel: { name: news }, userId: undefined }, 'unsubscribed');
    recorder.onFact(selected(vacated(), '1', { served: [] }));
    recorder.onFact(selected(vacated(), '1', { served: [] }));
    expect(recorder.events().map(({ cause }) => cause)).toEqual([
      { kind: 'unsubscribed', socket_id: '2.2', atMs: 5 },
      { kind: 'unknown', atMs: 5 },
    ]);
  });

  test('keeps the apps apart', () => {
    const { recorder } = stage();
    recorder.joined(connection('1.1', '1'), news, undefined);
    recorder.joined(connection('2.2', '2'), news, undefined);
    recorder.onFact(selected(occupied(), '1', { served: [] }));
    recorder.onFact(selected(occupied(), '2', { served: [] }));
    expect(recorder.events('2')).toMatchObject([{ appId: '2', cause: { socket_id: '2.2' } }]);
    recorder.clear('2');
    expect(recorder.events()).toMatchObject([{ appId: '1' }]);
  });

  test('records no outcomes of deleted events', () => {
    const { recorder, attempt } = stage();
    const event = occupied();
    recorder.onFact(selected(event));
    const first = attempt(event);
    recorder.onFact({ kind: 'attempt-began', attempt: first });
    recorder.clear('1');
    recorder.onFact(ended(first, { kind: 'timeout' }));
    recorder.onFact({ kind: 'attempt-began', attempt: attempt(event, 2) });
    recorder.onFact(decided([event], 'expired'));
    expect([recorder.events(), recorder.deliveries()]).toEqual([[], []]);
  });

  test('keeps the latest records up to its capacity', () => {
    const { recorder, attempt } = stage(3);
    for (let count = 0; count < 10; count += 1) {
      const event = occupied();
      recorder.onFact(selected(event));
      recorder.onFact({ kind: 'attempt-began', attempt: attempt(event, 1, `msg_${count}`) });
    }
    expect(recorder.events().map(({ id }) => id)).toEqual([8, 9, 10]);
    expect(recorder.deliveries().map(({ id }) => id)).toEqual(['msg_7', 'msg_8', 'msg_9']);
  });

  test('calls back after each change', () => {
    const { recorder, changed } = stage();
    recorder.suppressed('1', vacated(), 'grace');
    expect(changed).toHaveBeenCalledTimes(2);
    expect(recorder.events().map(({ name, status }) => [name, status])).toEqual([
      ['channel_vacated', 'suppressed'],
      ['channel_occupied', 'suppressed'],
    ]);
  });
});
