import { describe, expect, test, vi } from 'vitest';
import { DropJournal } from '../../../src/delivery-log/drop-journal.ts';
import { noMetrics } from '../../../src/ports/metrics.ts';
import type { WebhookEvent } from '../../../src/webhooks/event.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { createDispatcher } from '../../support/unit/create-dispatcher.ts';
import { application, channelName, endpoint } from '../../support/unit/application.ts';
import { FakeSender } from '../../support/unit/fake-sender.ts';

const one = endpoint({ id: 'one', url: 'http://one/' });
const two = endpoint({ id: 'two', url: 'http://two/' });

function stage(endpoints = [one], maxEvents = 20) {
  const clock = new FakeClock();
  const sender = new FakeSender();
  const drops = new DropJournal();
  const forgetCacheMiss = vi.fn();
  const metrics = {
    ...noMetrics,
    webhookQueued: vi.fn(),
    webhookDelivered: vi.fn(),
    webhookDropped: vi.fn(),
  };
  const epoch = { id: 'epoch-1' };
  const { dispatcher, append } = createDispatcher({
    clock,
    epoch: () => epoch.id,
    sender,
    metrics,
    drops,
    applications: [application({ endpoints })],
    ledger: () => ({ forgetCacheMiss }),
    policy: {
      batch: { maxEvents, maxDelayMs: 250, maxBytes: 98_304 },
      retry: { initialDelayMs: 1000, multiplier: 2, maxDelayMs: 60_000, maxElapsedMs: 300_000, jitter: 0 },
      concurrency: 10,
      queueMaxBytes: 1_000_000,
    },
  });
  return { clock, sender, drops, forgetCacheMiss, metrics, dispatcher, append, epoch };
}

const occupied = (name: string): WebhookEvent => ({ name: 'channel_occupied', channel: channelName(name) });
const vacated = (name: string): WebhookEvent => ({ name: 'channel_vacated', channel: channelName(name) });
const missed = (name: string, episode = '1'): WebhookEvent => ({
  name: 'cache_miss',
  channel: channelName(name),
  episode,
});

describe('dispatch', () => {
  test('filters first and then batches: an endpoint gets exactly what it selects', async () => {
    const filtered = endpoint({
      id: 'f',
      url: 'http://f/',
      eventTypes: ['channel_vacated'],
      channels: { startsWith: 'a' },
    });
    const { clock, sender, append } = stage([one, filtered], 3);
    append('1', [occupied('a'), vacated('b'), vacated('ab')]);
    await clock.advance(0);
    expect(sender.expectPost('http://one/').lines).toEqual([
      'channel_occupied a',
      'channel_vacated b',
      'channel_vacated ab',
    ]);
    sender.expectNoPost();
    await clock.advance(250);
    expect(sender.expectPost('http://f/').lines).toEqual(['channel_vacated ab']);
  });

  test('sends and counts nothing if nothing is selected', async () => {
    const { clock, sender, append, metrics } = stage([endpoint({ eventTypes: ['cache_miss'] })]);
    append('1', [occupied('a')]);
    append('9', [missed('a')]);
    await clock.advance(1000);
    sender.expectNoPost();
    expect(metrics.webhookQueued).not.toHaveBeenCalled();
  });

  test('encodes an event once for all of its endpoints', async () => {
    const { clock, sender, append, metrics } = stage([one, two]);
    let reads = 0;
    const event = {
      name: 'client_event',
      channel: channelName('private-a'),
      event: 'client-a',
      get data() {
        reads += 1;
        return 'x';
      },
      socketId: '1.1',
      userId: undefined,
    } as unknown as WebhookEvent;
    append('1', [event]);
    await clock.advance(250);
    expect(sender.expectPost('http://one/').lines).toEqual(sender.expectPost('http://two/').lines);
    expect(reads).toBe(1);
    expect(metrics.webhookQueued).toHaveBeenCalledTimes(1);
  });

  test('does not count a delivered event as a drop', async () => {
    const { clock, sender, append, drops, metrics } = stage();
    append('1', [occupied('a'), occupied('b')]);
    await clock.advance(250);
    await sender.expectPost().answer(204);
    expect(drops.read('1')).toEqual({ dropped: [], forgotten: 0 });
    expect(metrics.webhookDelivered).toHaveBeenCalledExactlyOnceWith('1', 'one', [250, 250]);
    expect(clock.pending).toBe(0);
  });

  test.each([199, 301, 302, 304, 400, 401, 404, 410, 500, 503])(
    'retries after the response %i',
    async (status) => {
      const { clock, sender, append } = stage();
      append('1', [occupied('a')]);
      await clock.advance(250);
      const first = sender.expectPost();
      await first.answer(status);
      await clock.advance(999);
      sender.expectNoPost();
      await clock.advance(1);
      const second = sender.expectPost();
      expect(second.request.body).toEqual(first.request.body);
      expect(second.request.headers).toEqual({
        ...first.request.headers,
        'X-Soketify-Attempt': '2',
        'webhook-timestamp': '1700000001',
      });
    },
  );

  test('marks an attempt with the current epoch, not with that of the batch', async () => {
    const { clock, sender, append, epoch } = stage();
    append('1', [occupied('a')]);
    await clock.advance(250);
    const first = sender.expectPost();
    expect(first.request.headers['X-Soketify-Epoch']).toBe('epoch-1');
    await first.answer(500);
    epoch.id = 'epoch-2';
    await clock.advance(1000);
    const second = sender.expectPost();
    expect(second.request.headers).toMatchObject({ 'webhook-id': 'msg_1', 'X-Soketify-Epoch': 'epoch-2' });
    expect(second.request.body).toEqual(first.request.body);
  });

  test('ends attempts after five minutes, and records the drop by channel', async () => {
    const { clock, sender, append, drops, metrics } = stage();
    append('1', [occupied('a'), occupied('b')]);
    await clock.advance(250);
    const startedAt: number[] = [];
    while (drops.read('1').dropped.length === 0) {
      startedAt.push(Math.round(clock.now() / 1000));
      await sender.expectPost().fail({ kind: 'unreachable', code: 'ECONNREFUSED' });
      const before = clock.now();
      while (clock.now() < before + 60_000 && !sender.hasPost && drops.read('1').dropped.length === 0) {
        await clock.advance(1000);
      }
    }
    expect(startedAt).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    await clock.advance(600_000);
    sender.expectNoPost();
    expect(drops.read('1').dropped).toMatchObject([
      { endpoint: 'one', channel: 'a', name: 'channel_occupied', reason: 'expired' },
      { endpoint: 'one', channel: 'b', name: 'channel_occupied', reason: 'expired' },
    ]);
    expect(metrics.webhookDropped).toHaveBeenCalledExactlyOnceWith('1', 'one', 'expired', 2);
  });

  test('is not delayed for others by an endpoint that hangs', async () => {
    const { clock, sender, append } = stage([one, two], 1);
    for (let count = 0; count < 50; count += 1) append('1', [occupied(`news-${count}`)]);
    await clock.advance(0);
    for (let count = 0; count < 50; count += 1) await sender.expectPost('http://two/').answer(200);
    expect(sender.expectPost('http://one/').lines).toEqual(['channel_occupied news-0']);
  });

  test('treats two endpoints with the same URL separately', async () => {
    const { clock, sender, append, metrics } = stage([one, endpoint({ id: 'twin', url: one.url })]);
    append('1', [occupied('a')]);
    await clock.advance(250);
    await sender.expectPost(one.url).answer(200);
    await sender.expectPost(one.url).answer(500);
    expect(metrics.webhookDelivered).toHaveBeenCalledExactlyOnceWith('1', 'one', [250]);
    await clock.advance(1000);
    await sender.expectPost(one.url).answer(200);
    expect(metrics.webhookDelivered).toHaveBeenLastCalledWith('1', 'twin', [1250]);
  });
});

describe('a cache_miss', () => {
  test('is forgotten by its episode if every endpoint dropped it', async () => {
    const { clock, sender, dispatcher, append, forgetCacheMiss } = stage([one, two]);
    append('1', [missed('cache-a', '42')]);
    await clock.advance(250);
    await sender.expectPost('http://one/').answer(500);
    await sender.expectPost('http://two/').answer(500);
    forgetCacheMiss.mockClear();
    const closed = dispatcher.close(0);
    await clock.advance(0);
    await closed;
    expect(forgetCacheMiss).toHaveBeenCalledExactlyOnceWith('1', 'cache-a', '42');
  });

  test('stays if one endpoint got it', async () => {
    const { clock, sender, append, forgetCacheMiss } = stage([one, two]);
    append('1', [missed('cache-a')]);
    await clock.advance(250);
    await sender.expectPost('http://one/').answer(200);
    await sender.expectPost('http://two/').answer(500);
    await clock.advance(400_000);
    expect(forgetCacheMiss).not.toHaveBeenCalled();
  });
});

describe('the shutdown', () => {
  test('immediately sends what waits to be batched, and resolves when it is delivered', async () => {
    const { clock, sender, dispatcher, append } = stage();
    append('1', [occupied('a')]);
    let isClosed = false;
    const closed = dispatcher.close(5000).finally(() => {
      isClosed = true;
    });
    await clock.advance(0);
    const post = sender.expectPost();
    expect(isClosed).toBe(false);
    await post.answer(200);
    await closed;
    expect(clock.pending).toBe(0);
  });

  test('drops, with a record, what is not delivered in time', async () => {
    const { clock, sender, dispatcher, append, drops } = stage();
    append('1', [occupied('a')]);
    const closed = dispatcher.close(5000);
    await clock.advance(0);
    await sender.expectPost().answer(500);
    await clock.advance(1000);
    const hanging = sender.expectPost();
    await clock.advance(4000);
    await closed;
    expect(drops.read('1').dropped).toMatchObject([{ channel: 'a', reason: 'shutdown' }]);
    await hanging.answer(200);
    expect(drops.read('1').dropped).toHaveLength(1);
  });

  test('is immediate if nothing is queued', async () => {
    const { clock, dispatcher } = stage([one, two]);
    await dispatcher.close(5000);
    expect(clock.pending).toBe(0);
  });
});
