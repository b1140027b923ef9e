import { describe, expect, test } from 'vitest';
import { consoleTypes, type ConsoleRows } from '../../../../src/views/server.ts';
import { parseConsoleTypes } from '../../../../src/recording/console/console-feed.ts';
import { isSearchFault, parseSearch, searchKeys } from '../../../../src/recording/search.ts';
import { TurnBudget } from '../../../../src/structures/turn-budget.ts';
import { settle } from '../../../support/fake-clock.ts';
import { FakeTurns } from '../../../support/turns.ts';
import { consoleStage as stage, trigger } from '../../../support/unit/console-stage.ts';
import {
  attemptWith,
  connection,
  decided,
  ended,
  news,
  occupied,
  selected,
  startsAtMs,
  subscriptionTo,
} from '../../../support/unit/recording.ts';

function query(text: string) {
  const search = parseSearch(text, searchKeys, startsAtMs);
  if (isSearchFault(search)) throw new Error(search.message);
  return search;
}

describe('the debug console', () => {
  test('has a row for each fact, newest last', async () => {
    const { clock, feed, witness } = stage();
    const session = {
      ...connection('1.1'),
      openedAt: 0,
      subscriptions: new Map([['news', 1]]),
      user: { userId: '42' },
    };
    witness.connected(session, '10.0.0.1');
    witness.joined(session, news, undefined);
    witness.onFact(selected(occupied()));
    witness.published('1', trigger('update', '{"a":1}'), 'api');
    witness.clientEvent(session, { channel: 'private-a', event: 'client-typing', data: '1' }, undefined);
    witness.left(session, subscriptionTo(), 'unsubscribed');
    clock.advanceSync(2500);
    witness.disconnected(session, 'client');
    witness.setting('1', 'endpoint main was paused');
    const { rows, skipped, keptSinceMs } = await feed.read({ limit: 100 });
    expect(rows.map(({ type, text }) => [type, text])).toEqual([
      ['connection', 'connected from 10.0.0.1'],
      ['subscribed', 'subscribed: news'],
      ['occupied', 'channel_occupied on news; for 1 endpoint'],
      ['published', 'update on news and 1 more'],
      ['client event', 'client-typing on private-a'],
      ['unsubscribed', 'unsubscribed: news'],
      ['disconnection', 'disconnected after 2.5 s; it was subscribed to news'],
      ['setting', 'endpoint main was paused'],
    ]);
    expect(rows[3]).toEqual({
      seq: startsAtMs * 1000 + 3,
      atMs: startsAtMs,
      appId: '1',
      type: 'published',
      channel: 'news',
      name: 'update',
      text: 'update on news and 1 more',
      data: '{"a":1}',
      details: { source: 'api', channels: 2 },
    });
    expect([skipped, keptSinceMs]).toEqual([0, startsAtMs]);
  });

  test('shows attempts and drops', async () => {
    const { feed, witness } = stage();
    const attempt = attemptWith([occupied()]);
    witness.onFact(
      ended(attempt, { kind: 'answered', status: 503, body: 'busy' }, { elapsedMs: 31, retryInMs: 2000 }),
    );
    witness.onFact(ended(attempt, { kind: 'unreachable', code: 'ECONNREFUSED' }));
    witness.onFact(ended(attempt, { kind: 'answered', status: 204 }, { elapsedMs: 3 }));
    witness.onFact(decided([occupied(), occupied()], 'expired', { attempts: 2 }));
    witness.onFact(decided([occupied()], 'delivered'));
    expect((await feed.read({ limit: 10 })).rows).toMatchObject([
      {
        type: 'webhook failed',
        name: 'http://receiver/hook',
        text: 'attempt 1: answered 503 in 31 ms, 1 event; retry in 2 s',
        data: 'busy',
        details: { id: 'msg_1', endpoint: 'main', attempt: 1, status: 503 },
      },
      { type: 'webhook failed', text: 'attempt 1: ECONNREFUSED in 0 ms, 1 event; no retry' },
      { type: 'webhook sent', text: 'attempt 1: answered 204 in 3 ms, 1 event' },
      { type: 'webhook failed', text: '2 events dropped (expired) after 2 attempts' },
    ]);
  });

  test('shows resends', async () => {
    const { feed, witness } = stage();
    const { request } = attemptWith([occupied()]);
    const attempt = {
      number: 3,
      resend: 1,
      timeMs: 1,
      elapsedMs: 7,
      result: 'success',
      status: 200,
    } as const;
    witness.resent({ deliveryId: 'msg_1', request, attempt, events: 2 });
    expect((await feed.read({ limit: 1 })).rows).toMatchObject([
      {
        type: 'webhook sent',
        text: 'resent: answered 200 in 7 ms, 2 events',
        details: { id: 'msg_1', attempt: 3 },
      },
    ]);
  });

  test('shows refusals, whose fields are read only for a reader', async () => {
    const { feed, witness } = stage();
    let reads = 0;
    witness.refused({
      kind: 'client_event',
      reason: 'rate_limit',
      appId: '1',
      get fields() {
        reads += 1;
        return { socketId: '1.1', channel: 'private-a', error: 'Too many', code: 4301, nested: {} };
      },
    });
    witness.refused({ kind: 'connection', reason: 'unknown_key', appId: '', fields: { key: 'x' } });
    witness.refused({ kind: 'request', reason: 'unauthorized', appId: '1', fields: {} });
    expect(reads).toBe(0);
    expect((await feed.read({ limit: 10 })).rows).toMatchObject([
      {
        type: 'refused message',
        socketId: '1.1',
        channel: 'private-a',
        name: 'rate_limit',
        text: 'client event refused (rate_limit): Too many',
        details: { refused: 'client_event', reason: 'rate_limit', code: 4301 },
      },
      { type: 'refused connection', appId: '' },
      { type: 'refused request' },
    ]);
  });

  test('hides payloads if they must not be shown, and clips the others', async () => {
    const hidden = stage({ showsPayloads: false });
    hidden.witness.published('1', trigger('update', 'secret'), 'api');
    expect((await hidden.feed.read({ limit: 1 })).rows[0]).not.toHaveProperty('data');
    expect((await hidden.feed.read({ limit: 1, query: query('secret') })).rows).toEqual([]);
    const { feed, witness } = stage();
    witness.published('1', trigger('update', 'x'.repeat(10_000)), 'api');
    expect((await feed.read({ limit: 1 })).rows[0]?.data).toBe(`${'x'.repeat(4096)}...`);
  });

  test('returns the requested rows: by app, types, search and page', async () => {
    const { feed, witness } = stage();
    witness.published('1', trigger('a'), 'api');
    witness.published('2', trigger('a'), 'api');
    witness.published('1', trigger('b'), 'api');
    witness.setting('1', 'a');
    const namesOf = ({ rows }: ConsoleRows) => rows.map(({ name, text }) => name ?? text);
    expect(namesOf(await feed.read({ limit: 10, appId: '1' }))).toEqual(['a', 'b', 'a']);
    expect(namesOf(await feed.read({ limit: 10, types: new Set(['published']) }))).toEqual(['a', 'a', 'b']);
    expect(namesOf(await feed.read({ limit: 10, query: query('event:b channel:weather') }))).toEqual(['b']);
    const { rows } = await feed.read({ limit: 2 });
    expect(rows.map(({ name, text }) => name ?? text)).toEqual(['b', 'a']);
    expect(namesOf(await feed.read({ limit: 2, before: rows[0]?.seq }))).toEqual(['a', 'a']);
  });

  test('counts rows beyond the budget of a type for readers of that type', async () => {
    const { clock, feed, witness } = stage({ perSecond: 10 });
    for (let count = 0; count < 15; count += 1) witness.published('1', trigger('flood'), 'api');
    witness.setting('1', 'calm');
    clock.advanceSync(1000);
    witness.published('1', trigger('after'), 'api');
    expect(await feed.read({ limit: 100 })).toMatchObject({ skipped: 5 });
    expect((await feed.read({ limit: 100 })).rows).toHaveLength(12);
    expect(await feed.read({ limit: 100, types: new Set(['setting']) })).toMatchObject({ skipped: 0 });
  });

  test('reports rows skipped at the end of a burst even if nothing follows', async () => {
    const { clock, feed, witness } = stage({ perSecond: 10 });
    for (let count = 0; count < 15; count += 1) witness.published('1', trigger('flood'), 'api');
    expect(await feed.read({ limit: 100 })).toMatchObject({ skipped: 0 });
    clock.advanceSync(1000);
    const read = await feed.read({ limit: 100, appId: '1' });
    expect([read.rows.length, read.skipped]).toEqual([10, 5]);
    clock.advanceSync(5000);
    expect(await feed.read({ limit: 100 })).toMatchObject({ skipped: 5 });
  });

  test('keeps failures during a burst', async () => {
    const { feed, witness } = stage({ capacity: 100, perSecond: Infinity });
    witness.onFact(ended(attemptWith([occupied()]), { kind: 'timeout' }));
    for (let count = 0; count < 1000; count += 1) witness.published('1', trigger('flood'), 'api');
    const { rows } = await feed.read({ limit: 1000 });
    expect([rows.length, rows[0]?.type]).toEqual([101, 'webhook failed']);
  });

  test('reads far back over many turns, whatever happens in the meantime', async () => {
    const turns = new FakeTurns();
    const budget = new TurnBudget(100, turns.nextTurn);
    const { feed, witness } = stage({ capacity: 1000, perSecond: Infinity, budget });
    witness.published('1', trigger('first'), 'api');
    for (let count = 1; count < 500; count += 1) witness.published('1', trigger('flood'), 'api');
    const reading = feed.read({ limit: 10, query: query('event:first') });
    for (await settle(); turns.isAwaited; await settle()) {
      witness.published('1', trigger('first'), 'api');
      turns.turn();
    }
    // Later rows do not belong to the requested part.
    expect((await reading).rows).toHaveLength(1);
    expect(turns.count).toBeGreaterThanOrEqual(4);
  });

  test('parses its types', () => {
    expect(parseConsoleTypes('published, client event', consoleTypes)).toEqual(
      new Set(['published', 'client event']),
    );
    expect(parseConsoleTypes('published,nothing', consoleTypes)).toMatchObject({
      message: expect.stringContaining("got 'nothing'"),
    });
  });
});

test('an attempt in the console does not keep the body alive', () => {
  const { feed, witness } = stage();
  const attempt = attemptWith([occupied()]);
  witness.onFact(ended(attempt, { kind: 'answered', status: 200 }));
  const [entry] = feed.log.from(0, {});
  expect(JSON.stringify(entry)).not.toContain('time_ms');
});
