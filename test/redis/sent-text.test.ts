import { expect, test } from 'vitest';
import { app, quick, type Config } from '../support/e2e/config.ts';
import { callApi } from '../support/e2e/http.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';
import { startRedis } from '../support/redis/server.ts';

/** This text would change if JavaScript or Lua parsed and serialized it. */
const sent = String.raw`{ "id": 12345678901234567890, "n": 1e400, "n": -0, "2": 1.50, "1": "caf\u00e9\/" }`;

test('two nodes pass on JSON as the received text, and distinguish users by all digits of their ids', async () => {
  await using redis = await startRedis();
  await using hooks = await startReceiver();
  const config: Config = {
    apps: [{ ...app, webhooks: [{ url: hooks.url }] }],
    webhooks: quick,
    redis: { url: redis.url, leaseMs: 2000 },
  };
  const [one, two] = await Promise.all([startServer(config), startServer(config)]);
  const [here, there] = [await connectSocket(one), await connectSocket(two)];

  const channel = 'presence-cache-room';
  here.requestWithData(channel, `{"user_id":9007199254740992,"user_info":${sent}}`);
  await here.nextFrame();
  await here.expectFrame({ event: 'pusher:cache_miss', channel, data: '{}' });
  there.requestWithData(channel, `{"user_id":9007199254740993,"user_info":${sent}}`);
  // Redis keeps members in no order.
  const present = String((await there.nextFrame()).data);
  expect(present).toContain('"count":2');
  for (const id of ['9007199254740992', '9007199254740993']) expect(present).toContain(`"${id}":${sent}`);
  await there.expectFrame({ event: 'pusher:cache_miss', channel, data: '{}' });
  expect((await here.nextFrame()).data).toBe(`{"user_id":"9007199254740993","user_info":${sent}}`);

  there.send(`{"event":"client-said","channel":"${channel}","data":${sent}}`);
  await here.expectFrame({ event: 'client-said', channel, data: sent, user_id: '9007199254740993' });
  await callApi(two, {
    path: '/apps/1/events',
    body: `{"name":"news","channel":"${channel}","data":${sent}}`,
  });
  for (const socket of [here, there]) await socket.expectFrame({ event: 'news', channel, data: sent });
  const late = await connectSocket(one);
  late.requestWithData(channel, '{"user_id":9007199254740992}');
  await late.nextFrame();
  await late.expectFrame({ event: 'news', channel, data: sent });

  there.close();
  const removed = { event: 'pusher_internal:member_removed', channel };
  expect(await here.nextFrame()).toEqual({ ...removed, data: '{"user_id":"9007199254740993"}' });
  const events = await hooks.eventsOf(channel, 6);
  expect(events.filter(({ name }) => name.startsWith('member_'))).toEqual([
    { name: 'member_added', channel, user_id: '9007199254740992' },
    { name: 'member_added', channel, user_id: '9007199254740993' },
    { name: 'member_removed', channel, user_id: '9007199254740993' },
  ]);
  expect(events.find(({ name }) => name === 'client_event')).toMatchObject({
    data: sent,
    user_id: '9007199254740993',
  });
  await Promise.all([one.stop(), two.stop()]);
});
