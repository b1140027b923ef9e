import { describe, expect, test } from 'vitest';
import { planReplay } from '../../../../src/emulator/record/replay-options.ts';
import { replay } from '../../../../src/emulator/record/replayer.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeSender } from '../../../support/unit/fake-sender.ts';

const delivery = (id: string, atMs: number) => ({
  id,
  appId: '1',
  endpoint: 'main',
  status: 'delivered',
  body: `{"time_ms":5,"events":[{"name":"channel_occupied","channel":"${id}"}]}`,
  attempts: [{ number: 1, atMs, elapsedMs: 10, outcome: 'success' }],
});
const record = {
  format: 'soketify-record',
  version: 1,
  apps: [{ id: '1', key: 'k' }],
  deliveries: [delivery('a', 0), delivery('b', 1000), delivery('c', 1000)],
};
const to = { url: 'http://127.0.0.1:3000/hooks', secret: 's' };

describe('a replay', () => {
  test('with a speed shortens the recorded pauses by that factor', async () => {
    const clock = new FakeClock();
    const posts = new FakeSender();
    const sender = {
      send: (post: Parameters<FakeSender['send']>[0], timeoutMs: number) => posts.send(post, timeoutMs),
    };
    const replayed = replay(planReplay(record, { ...to, speed: 4 }), {
      sender,
      clock,
      wallTime: { now: () => 1_000_000 + clock.now() },
      ids: { webhookId: () => 'new' },
    });
    await clock.advance(0);
    const first = posts.expectPost();
    expect(first.request).toMatchObject({ url: to.url });
    expect(Buffer.from(first.request.body).toString()).toMatch(/^\{"time_ms":1000000,/);
    await clock.advance(40);
    await first.answer(200);
    await clock.advance(209);
    posts.expectNoPost();
    await clock.advance(1);
    await posts.expectPost().answer(503);
    // A delivery that was recorded at the same time follows immediately.
    await posts.expectPost().answer(200);
    expect((await replayed).map(({ id, status, elapsedMs }) => [id, status, elapsedMs])).toEqual([
      ['a', 200, 40],
      ['b', 503, 0],
      ['c', 200, 0],
    ]);
  });

  test.each([
    [null, to, 'record: expected the object that record() and GET /control/record return, got null'],
    [[], to, 'record: expected the object that record() and GET /control/record return, got an empty array'],
    [{}, to, "record: format: expected 'soketify-record', got nothing"],
    [
      { ...record, version: 2 },
      to,
      'record: version: this version of soketify-emulator reads version 1, got 2',
    ],
    [{ ...record, deliveries: {} }, to, 'record: deliveries: expected an array, got an object'],
    [
      { ...record, deliveries: [{ ...delivery('a', 0), body: '{"time_ms":5,"events":[}' }] },
      to,
      'record: deliveries[0].body: expected the body of a webhook',
    ],
    [
      { ...record, apps: [] },
      to,
      "replayRecord: key: missing; the record does not have the key of the app '1'",
    ],
    [
      record,
      { ...to, app: 'x' },
      "replayRecord: app: the record has no webhooks of the app 'x'; it has those of 1",
    ],
    [record, { url: 'ftp://x', secret: 's' }, 'replayRecord: url: expected the URL of the backend'],
    [record, { url: to.url }, 'replayRecord: secret: missing; expected a non-empty string'],
    [record, { ...to, speed: 0 }, 'replayRecord: speed: expected a number above 0'],
    [record, { ...to, headers: { 'a b': 'c' } }, 'expected the name of an HTTP header'],
    [record, { ...to, secrets: 's' }, 'replayRecord: unknown field "secrets"; did you mean "secret"?'],
  ])('of %j with %j is refused, and the message states what is accepted', (given, options, message) => {
    expect(() => planReplay(given, options)).toThrow(
      expect.objectContaining({
        code: 'ERR_ARGUMENT_INVALID',
        message: expect.stringContaining(message) as string,
      }),
    );
  });

  test('of a record without webhooks sends nothing', () => {
    expect(planReplay({ ...record, deliveries: [] }, to).deliveries).toEqual([]);
  });
});
