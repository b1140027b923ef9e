import { describe, expect, test } from 'vitest';
import { Recorder } from '../../../src/recording/recorder.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import {
  attemptWith,
  connection,
  decided,
  ended,
  main,
  news,
  occupied,
  picky,
  selected,
  startsAtMs,
  subscriptionTo,
  vacated,
} from '../../support/unit/recording.ts';

function stage({ perSecond = 10, movements = { perSecond: 1000, burst: 5000 } } = {}) {
  const clock = new FakeClock();
  const wallTime = { now: () => startsAtMs + clock.now() };
  const recorder = new Recorder({
    clock,
    wallTime,
    budget: { bytes: 1_000_000, events: { perSecond }, movements },
  });
  return { clock, recorder };
}

describe('a recorder in a burst', () => {
  test('keeps movements since the last skipped one, and no earlier cause', () => {
    const { clock, recorder } = stage({ movements: { perSecond: 10, burst: 2 } });
    recorder.joined(connection('1.1'), news, undefined);
    recorder.left(connection('1.1'), subscriptionTo(), 'unsubscribed');
    expect(recorder.movementsSinceMs).toBe(startsAtMs);
    clock.advanceSync(50);
    recorder.joined(connection('2.2'), news, undefined);
    // The cause was 2.2, which was not recorded, and not 1.1.
    recorder.onFact(selected(occupied()));
    expect(recorder.events()).toMatchObject([{ cause: { kind: 'unknown' } }]);
    expect([...recorder.movementsOf('1', news)]).toEqual([]);
    expect(recorder.movementsSinceMs).toBe(startsAtMs + 50);
    clock.advanceSync(950);
    // The time may be up to a tenth of a second late.
    expect(recorder.movementsSinceMs).toBe(startsAtMs + 100);
    recorder.left(connection('2.2'), subscriptionTo(), 'unsubscribed');
    recorder.onFact(selected(vacated()));
    expect(recorder.events().at(-1)).toMatchObject({ cause: { kind: 'unsubscribed', socket_id: '2.2' } });
    expect([...recorder.movementsOf('1', news)]).toMatchObject([{ socketId: '2.2', kind: 'unsubscribed' }]);
  });

  test('records the outcome at an endpoint whose attempt was in progress when the event failed at another', () => {
    const { recorder } = stage({ perSecond: 0 });
    const event = occupied();
    recorder.onFact(selected(event, '1', { served: [main, picky] }));
    const other = { ...attemptWith([event], { webhookId: 'other' }), endpoint: picky.endpoint };
    recorder.onFact({ kind: 'attempt-began', attempt: other });
    recorder.onFact(decided([event], 'expired', { webhookId: undefined, attempts: 0 }));
    recorder.onFact(ended(other, { kind: 'answered', status: 200 }));
    recorder.onFact(decided([event], 'delivered', { webhookId: 'other', endpoint: picky.endpoint }));
    expect(recorder.events()).toMatchObject([
      {
        status: 'delivered',
        endpoints: [
          { endpoint: 'main', status: 'dropped' },
          { endpoint: 'picky', status: 'delivered' },
        ],
      },
    ]);
  });
});
