import { describe, expect, test } from 'vitest';
import { channelName } from '../../support/unit/application.ts';
import { one, reloadStage as stage, serving } from '../../support/unit/reload-stage.ts';

describe('the lanes of an endpoint', () => {
  test('are empty when nothing waits, and unknown for an unknown endpoint', () => {
    const { dispatcher } = stage();
    expect(dispatcher.lanes('1', 'one')).toEqual({
      endpoint: 'one',
      queue: { events: 0, bytes: 0, oldestAgeMs: 0, isFailing: false },
      lanes: [],
      laneCount: 0,
      batches: [],
      batchCount: 0,
    });
    expect(dispatcher.lanes('1', 'two')).toBeUndefined();
    expect(dispatcher.lanes('2', 'one')).toBeUndefined();
  });

  test('contain the delivery that each waits for, how long, and when that is retried', async () => {
    const { clock, sender, dispatcher, append } = stage();
    append('a');
    await clock.advance(0);
    await sender.expectPost().answer(500);
    await clock.advance(400);
    append('a');
    append('a');
    append('b');
    await clock.advance(100);
    expect(dispatcher.lanes('1', 'one')).toMatchObject({
      queue: { events: 4, oldestAgeMs: 500 },
      lanes: [{ channel: 'a', events: 2, oldestAgeMs: 100, blockedBy: 'msg_1' }],
      laneCount: 1,
      batches: [
        {
          id: 'msg_1',
          channels: ['a'],
          events: 1,
          attempts: 1,
          state: 'waiting',
          ageMs: 500,
          nextAttemptInMs: 500,
          deadlineInMs: 299_500,
        },
        { id: 'msg_2', channels: ['b'], attempts: 1, state: 'in-flight', ageMs: 100 },
      ],
      batchCount: 2,
    });
    expect(dispatcher.lanes('1', 'one')?.batches[1]).not.toHaveProperty('nextAttemptInMs');
  });

  test('of a held endpoint have an age that grows, and a remaining time that does not', async () => {
    const { clock, sender, dispatcher, append } = stage();
    append('a');
    await clock.advance(0);
    await sender.expectPost().answer(500);
    append('a');
    dispatcher.replace(serving({ ...one, heldSinceMs: 1_700_000_000_000 }));
    await clock.advance(600_000);
    const lanes = dispatcher.lanes('1', 'one');
    expect(lanes).toMatchObject({
      pause: { how: 'hold', sinceMs: 1_700_000_000_000 },
      lanes: [{ channel: 'a', oldestAgeMs: 600_000 }],
      batches: [{ state: 'waiting', ageMs: 600_000, deadlineInMs: 300_000 }],
    });
    expect(lanes?.batches[0]).not.toHaveProperty('nextAttemptInMs');
  });

  test('are the hundred that wait longest, with the total number', () => {
    const { clock, dispatcher, appendAll } = stage(serving({ ...one, heldSinceMs: 0 }));
    const event = (index: number, name: 'channel_occupied' | 'channel_vacated') =>
      ({ name, channel: channelName(`room-${index}`) }) as const;
    for (let index = 0; index < 1000; index += 1) {
      appendAll('1', [event(index, 'channel_occupied')]);
      clock.advanceSync(1);
    }
    // Later events of a lane do not change its age.
    appendAll('1', [event(3, 'channel_vacated')]);
    const lanes = dispatcher.lanes('1', 'one');
    expect(lanes).toMatchObject({ laneCount: 1000, batchCount: 0 });
    expect(lanes?.lanes.map(({ channel }) => channel)).toEqual(
      Array.from({ length: 100 }, (_, index) => `room-${index}`),
    );
    expect(lanes?.lanes[3]).toMatchObject({ events: 2, oldestAgeMs: 997 });
  });

  test('are found even if a few channels have very many old events', () => {
    const { dispatcher, appendAll } = stage(serving({ ...one, heldSinceMs: 0 }));
    const event = (channel: string) => ({ name: 'channel_occupied', channel: channelName(channel) }) as const;
    appendAll(
      '1',
      Array.from({ length: 12_000 }, () => event('loud')),
    );
    appendAll('1', [event('quiet'), event('last')]);
    expect(dispatcher.lanes('1', 'one')).toMatchObject({
      lanes: [{ channel: 'loud', events: 12_000 }, { channel: 'quiet' }, { channel: 'last' }],
      laneCount: 3,
    });
  });
});
