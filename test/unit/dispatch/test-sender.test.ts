import { createHmac } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { TestSender } from '../../../src/dispatch/test-sender.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { AttemptPlaces, type Contender } from '../../../src/webhooks/attempt-places.ts';
import type { DeliveryFact } from '../../../src/webhooks/delivery-facts.ts';
import { application, channelName, endpoint } from '../../support/unit/application.ts';
import { officeStage, startedAtMs } from '../../support/unit/dead-letters.ts';

function stage(given: Parameters<typeof endpoint>[0] = {}, places = new AttemptPlaces(1024)) {
  const served = endpoint({ headers: { 'X-Own': '1' }, ...given });
  const made = officeStage({ places, applications: [application({ endpoints: [served] })] });
  const facts: DeliveryFact[] = [];
  made.subscribers.push((fact) => facts.push(fact));
  const log = { ...silentLog, info: vi.fn() };
  const tests = new TestSender({
    ...made,
    log,
    requestTimeoutMs: 4000,
    ids: { webhookId: () => 'msg_test' },
    epoch: () => 'epoch-1',
  });
  const send = (event: Parameters<typeof tests.send>[1] = 'channel_occupied') => {
    const target = made.dispatcher.target('1', 'main');
    if (target === undefined) throw new Error('there is no endpoint');
    return tests.send(target, event);
  };
  return { ...made, facts, log, send };
}

describe('a test', () => {
  test('is one signed request with an example event, marked as a test', async () => {
    const { clock, sender, send } = stage();
    const sent = send('member_added');
    await clock.advance(0);
    const { request, answer } = sender.expectPost();
    const body = `{"time_ms":${startedAtMs},"events":[{"name":"member_added","channel":"presence-soketify-test","user_id":"test-user"}]}`;
    expect(Buffer.from(request.body).toString()).toBe(body);
    expect(request.headers).toMatchObject({
      'X-Own': '1',
      'Content-Type': 'application/json',
      'X-Pusher-Key': 'app-key',
      'X-Pusher-Signature': createHmac('sha256', 'app-secret').update(body).digest('hex'),
      'webhook-id': 'msg_test',
      'X-Soketify-Test': '1',
    });
    await clock.advance(12);
    await answer(204);
    expect(await sent).toEqual({
      result: 'success',
      status: 204,
      elapsedMs: 12,
      verdict: 'The endpoint accepted it (204).',
      request: { url: 'http://receiver/hook', headers: request.headers, body },
    });
  });

  test('returns the response, or why there was none', async () => {
    const { clock, sender, send } = stage();
    const refused = send();
    await clock.advance(0);
    await sender.expectPost().fail({ kind: 'answered', status: 401, body: 'x'.repeat(5000) });
    expect(await refused).toMatchObject({ result: 'refused', status: 401, answer: 'x'.repeat(4096) });
    const unreachable = send();
    await clock.advance(0);
    await sender.expectPost().fail({ kind: 'unreachable', code: 'ADDRESS_NOT_PUBLIC' });
    const result = await unreachable;
    expect(result).toMatchObject({ result: 'unreachable', error: 'ADDRESS_NOT_PUBLIC' });
    expect(result).not.toHaveProperty('status');
  });

  test('is not a delivery: it causes no facts, and is not retried', async () => {
    const { clock, sender, send, facts, dispatcher } = stage();
    const sent = send();
    await clock.advance(0);
    await sender.expectPost().answer(500);
    expect(await sent).toMatchObject({ result: 'refused', status: 500 });
    await clock.advance(600_000);
    sender.expectNoPost();
    expect(facts).toEqual([]);
    expect([...dispatcher.readQueues()]).toMatchObject([{ events: 0, isFailing: false }]);
  });

  test.each([{ isEnabled: false }, { heldSinceMs: startedAtMs }])(
    'is also sent to an endpoint with %j, which is sent nothing else',
    async (given) => {
      const { clock, sender, send, append } = stage(given);
      append('1', [{ name: 'channel_occupied', channel: channelName('news') }]);
      const sent = send();
      await clock.advance(1000);
      const post = sender.expectPost();
      expect(post.lines).toEqual(['channel_occupied soketify-test']);
      sender.expectNoPost();
      await post.answer(200);
      expect(await sent).toMatchObject({ result: 'success' });
    },
  );

  test('may not reach what the endpoint may not reach', async () => {
    const { clock, sender, send } = stage({ publicOnly: true });
    void send();
    await clock.advance(0);
    expect(sender.expectPost().request.publicOnly).toBe(true);
  });

  test('takes a place like other attempts, and is not made if none becomes free', async () => {
    const places = new AttemptPlaces(1);
    const { clock, sender, send } = stage({}, places);
    const other: Contender = { claim: 'first', proceed: () => {} };
    const place = places.take(other);
    const sent = send();
    await clock.advance(4000);
    expect(await sent).toBe('busy');
    sender.expectNoPost();
    expect(places.waiting).toBe(0);
    if (place !== undefined) places.giveBack(place);
    expect(places.underWay).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test('is logged, without the response of the endpoint', async () => {
    const { clock, sender, send, log } = stage();
    void send('cache_miss');
    await clock.advance(0);
    await sender.expectPost().fail({ kind: 'answered', status: 200, body: 'private' });
    expect(log.info).toHaveBeenCalledExactlyOnceWith(
      {
        appId: '1',
        endpoint: 'main',
        webhookId: 'msg_test',
        event: 'cache_miss',
        result: 'success',
        status: 200,
        elapsedMs: 0,
      },
      'test webhook sent',
    );
  });
});
