import { describe, expect, test } from 'vitest';
import { isUnavailable } from '../../../src/ports/unavailable.ts';
import { unknownCursor } from '../../../src/ports/dead-letters.ts';
import { AttemptPlaces } from '../../../src/webhooks/attempt-places.ts';
import type { DeadLetter } from '../../../src/webhooks/dead-letter.ts';
import type { QueuedEvent } from '../../../src/webhooks/lane.ts';
import { application, channelName, endpoint } from '../../support/unit/application.ts';
import { officeStage, startedAtMs } from '../../support/unit/dead-letters.ts';

const fiveMinutesMs = 300_000;

function stage(given: Parameters<typeof officeStage>[0] = {}) {
  const made = officeStage(given);
  const { append, office } = made;
  return {
    ...made,
    occupy: (...channels: string[]) =>
      append(
        '1',
        channels.map((channel) => ({ name: 'channel_occupied', channel: channelName(channel) })),
      ),
    /** Earliest first. */
    async letters(appId = '1'): Promise<readonly DeadLetter[]> {
      const letters: DeadLetter[] = [];
      let cursor: string | undefined;
      do {
        const page = await office.read(appId, { limit: 1000, cursor });
        if (page === unknownCursor || isUnavailable(page)) throw new Error('no page');
        letters.push(...page.letters);
        cursor = page.next;
      } while (cursor !== undefined);
      return letters.toReversed();
    },
  };
}

const channelsOf = ({ events }: DeadLetter): string[] => events.map(({ channel }) => channel);
const off = application({ endpoints: [endpoint({ isEnabled: false })] });

describe('a delivery that is dropped', () => {
  test('is kept with its id, its body and every attempt', async () => {
    const { clock, sender, occupy, letters } = stage({
      policy: {
        retry: { initialDelayMs: 1000, multiplier: 1, maxDelayMs: 1000, maxElapsedMs: 3000, jitter: 0 },
      },
    });
    occupy('news', 'sport');
    await clock.advance(250);
    const first = sender.expectPost();
    await clock.advance(10);
    await first.fail({ kind: 'answered', status: 500, body: 'out of order' });
    await clock.advance(1000);
    await sender.expectPost().fail({ kind: 'unreachable', code: 'ECONNREFUSED' });
    await clock.advance(1000);
    await sender.expectPost().fail({ kind: 'timeout' });
    expect(await letters()).toEqual([
      {
        id: 'msg_1',
        appId: '1',
        endpointId: 'main',
        reason: 'expired',
        droppedAtMs: startedAtMs + 2260,
        timeMs: startedAtMs + 250,
        turn: 1,
        events: ['news', 'sport'].map((channel) => ({
          name: 'channel_occupied',
          channel,
          json: `{"name":"channel_occupied","channel":"${channel}"}`,
        })),
        attempts: [
          {
            number: 1,
            timeMs: startedAtMs + 250,
            elapsedMs: 10,
            result: 'refused',
            status: 500,
            answer: 'out of order',
          },
          {
            number: 2,
            timeMs: startedAtMs + 1260,
            elapsedMs: 0,
            result: 'unreachable',
            error: 'ECONNREFUSED',
          },
          { number: 3, timeMs: startedAtMs + 2260, elapsedMs: 0, result: 'timeout' },
        ],
        attemptsMade: 3,
        resends: 0,
        resentAtMs: undefined,
      },
    ]);
  });

  test('while its attempt is in progress gets the result of that', async () => {
    const { clock, sender, dispatcher, occupy, letters } = stage();
    occupy('taken');
    await clock.advance(250);
    const taken = sender.expectPost();
    occupy('refused');
    await clock.advance(250);
    const refused = sender.expectPost();
    dispatcher.abandon();
    await taken.answer(200);
    await refused.answer(500);
    expect(await letters()).toMatchObject([
      { reason: 'shutdown', attempts: [{ result: 'success' }], resentAtMs: startedAtMs + 500 },
      { reason: 'shutdown', attempts: [{ result: 'refused', status: 500 }], resentAtMs: undefined },
    ]);
  });

  test('leaves nothing of what was delivered in the end', async () => {
    const { clock, sender, occupy, letters } = stage();
    occupy('news');
    await clock.advance(250);
    await sender.expectPost().answer(500);
    await clock.advance(1000);
    await sender.expectPost().answer(200);
    await clock.advance(fiveMinutesMs);
    expect(await letters()).toEqual([]);
  });

  test('keeps the number of attempts when there is no room to remember them', async () => {
    const batch = { maxEvents: 1, maxDelayMs: 0, maxBytes: 98_304 };
    const { clock, sender, dispatcher, occupy, letters } = stage({
      policy: { batch, concurrency: 1200 },
      places: new AttemptPlaces(5000),
      store: { maxBytes: 64 * 1024 * 1024 },
    });
    occupy(...Array.from({ length: 1200 }, (_, index) => `c${index}`));
    await clock.advance(0);
    const body = 'x'.repeat(4096);
    while (sender.hasPost) await sender.expectPost().fail({ kind: 'answered', status: 500, body });
    dispatcher.abandon();
    const kept = await letters();
    expect(kept).toHaveLength(1200);
    expect(kept.every(({ attemptsMade }) => attemptsMade === 1)).toBe(true);
    const remembered = kept.filter(({ attempts }) => attempts.length === 1).length;
    expect(remembered * 4096).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(remembered).toBeGreaterThan(900);
  });
});

describe('events that were not in a delivery', () => {
  test('share a letter with an id of its own, as many as a delivery has', async () => {
    const { occupy, letters, clock, sender } = stage({ applications: [off] });
    occupy(...Array.from({ length: 45 }, (_, index) => `c${index}`));
    const kept = await letters();
    expect(kept.map(({ id, events }) => [id, events.length])).toEqual([
      ['msg_1', 20],
      ['msg_2', 20],
      ['msg_3', 5],
    ]);
    expect(kept[0]).toMatchObject({ reason: 'disabled', attempts: [], attemptsMade: 0 });
    sender.expectNoPost();
    expect(clock.pending).toBe(1);
    await clock.advance(100);
    expect(clock.pending).toBe(0);
    expect(await letters()).toEqual(kept);
  });

  test('share it for a tenth of a second', async () => {
    const { clock, occupy, store, letters } = stage({ applications: [off] });
    occupy('a');
    await clock.advance(99);
    occupy('b');
    expect(store.bytes).toBe(0);
    await clock.advance(1);
    expect(store.bytes).toBeGreaterThan(0);
    occupy('c');
    await clock.advance(100);
    expect((await letters()).map(channelsOf)).toEqual([['a', 'b'], ['c']]);
    expect((await letters())[0]).toMatchObject({ timeMs: startedAtMs + 99, droppedAtMs: startedAtMs + 99 });
  });

  test('are together no larger than a delivery', async () => {
    const policy = { batch: { maxEvents: 20, maxDelayMs: 250, maxBytes: 100 } };
    const { occupy, letters } = stage({ applications: [off], policy });
    occupy('a', 'b', 'c', 'd'.repeat(150), 'e');
    expect((await letters()).map(channelsOf)).toEqual([['a', 'b'], ['c'], ['d'.repeat(150)], ['e']]);
  });

  test('of other endpoints, and for other reasons, have other letters', async () => {
    const { dispatcher, append, letters } = stage({
      applications: [application({ endpoints: [endpoint({ isEnabled: false }), endpoint({ id: 'two' })] })],
    });
    append('1', [{ name: 'channel_occupied', channel: channelName('a') }]);
    dispatcher.abandon();
    append('1', [{ name: 'channel_vacated', channel: channelName('a') }]);
    const kept = await letters();
    expect(
      kept.map(({ endpointId, reason, events }) => `${endpointId} ${reason} ${events.length}`).toSorted(),
    ).toEqual(['main disabled 1', 'main disabled 1', 'two shutdown 1', 'two shutdown 1']);
  });

  test('are not in a letter with some that were lost after another delivery began', async () => {
    const { office, letters } = stage();
    const lose = (channel: string, begun: number) => {
      const event = { name: 'channel_vacated', channel: channelName(channel) } as const;
      const queued: QueuedEvent = { event, json: '{}', bytes: 2, seq: 0, createdAt: 0 };
      const fate = { fate: 'overflow', events: [queued], webhookId: undefined, timeMs: undefined } as const;
      office.onFact({
        kind: 'decided',
        appId: '1',
        endpoint: endpoint(),
        deliveriesStarted: begun,
        attempts: 0,
        isUnsure: false,
        mayHaveArrived: false,
        ...fate,
      });
    };
    lose('a', 0);
    lose('b', 0);
    lose('after', 1);
    const kept = await letters();
    expect(kept.map(channelsOf)).toEqual([['a', 'b'], ['after']]);
    expect(kept.map(({ turn }) => turn)).toEqual([0.5, 1.5]);
  });

  test('that cancel each other out are not a loss', async () => {
    const { clock, append, letters } = stage({ policy: { queueMaxBytes: 1400 } });
    append('1', [
      { name: 'channel_occupied', channel: channelName('gone') },
      { name: 'channel_vacated', channel: channelName('gone') },
      { name: 'channel_occupied', channel: channelName('here') },
    ]);
    await clock.advance(200);
    expect(await letters()).toEqual([]);
  });
});

describe('a flood', () => {
  test('causes letters of full size', async () => {
    const { occupy, letters } = stage({ policy: { queueMaxBytes: 2000 } });
    occupy(...Array.from({ length: 20_000 }, (_, index) => `c${index}`));
    const kept = await letters();
    expect(kept.length).toBeLessThanOrEqual(1000);
    expect(kept.every(({ reason }) => reason === 'overflow')).toBe(true);
    expect(kept.flatMap(channelsOf)).toHaveLength(20_000 - 3);
  });
});

describe('an app', () => {
  test('loses its letters when it is removed, and later losses are not kept', async () => {
    const { clock, dispatcher, office, occupy, letters } = stage({ applications: [off] });
    occupy('a');
    expect(await letters()).toHaveLength(1);
    occupy('b');
    dispatcher.replace([]);
    office.replace([]);
    expect(await letters()).toEqual([]);
    office.onFact({
      kind: 'decided',
      appId: '1',
      endpoint: endpoint(),
      fate: 'expired',
      events: [],
      webhookId: 'msg_9',
      timeMs: 1,
      deliveriesStarted: 1,
      attempts: 1,
      isUnsure: false,
      mayHaveArrived: false,
    });
    await clock.advance(100);
    expect(await letters()).toEqual([]);
  });

  test('loses its letters and what is gathered when it is forgotten, and continues', async () => {
    const { clock, dispatcher, office, occupy, letters } = stage({ applications: [off] });
    occupy('a');
    await clock.advance(100);
    occupy('b');
    dispatcher.forget('1', () => {});
    office.forget('1');
    await clock.advance(100);
    expect(await letters()).toEqual([]);
    occupy('c');
    expect((await letters()).map(channelsOf)).toEqual([['c']]);
  });
});

test('an office that is stopped waits for nothing: events lost together are a letter immediately', async () => {
  const { clock, office, occupy, store, letters } = stage({ applications: [off] });
  occupy('a');
  office.stop();
  const before = store.bytes;
  expect(before).toBeGreaterThan(0);
  occupy('b');
  expect(store.bytes).toBeGreaterThan(before);
  expect(clock.pending).toBe(0);
  expect((await letters()).map(channelsOf)).toEqual([['a'], ['b']]);
});
