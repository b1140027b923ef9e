import { expect, test } from 'vitest';
import { quickConfig } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

test('a client that does not read is closed with a reason; what it received has no gap, and others receive everything', async () => {
  await using hooks = await startReceiver();
  await using server = await startServer(quickConfig({ url: hooks.url }));
  const [slow, fast] = [await connectSocket(server), await connectSocket(server)];
  const channels = Array.from({ length: 10 }, (_, n) => `wide-${n}`);
  for (const channel of channels) {
    await slow.subscribe(channel);
    await fast.subscribe(channel);
  }
  await slow.subscribe('presence-slow', { user_id: 'slow' });
  slow.pause();
  // The network buffers some megabytes for a client that does not read. Stop when the server has given it up, because the client has only
  // ten seconds to read why.
  const sdk = sdkFor(server);
  const maxRounds = 500;
  const isGivenUp = () => hooks.events.items.some(({ name }) => name === 'member_removed');
  let rounds = 0;
  for (; rounds < maxRounds && !isGivenUp(); rounds++) {
    await sdk.trigger(channels, `round-${rounds}`, 'x'.repeat(10_000));
    for (const channel of channels)
      expect(await fast.nextFrame()).toMatchObject({ event: `round-${rounds}`, channel });
  }
  slow.resume();

  const message = 'Connection is too slow: too much data waits to be read';
  await slow.frames.first(({ event }) => event === 'pusher:error');
  expect(await slow.closed).toEqual({ code: 4100, reason: message });
  expect(slow.frames.items.at(-1)).toEqual({ event: 'pusher:error', data: { message, code: 4100 } });
  const received = slow.frames.items
    .filter(({ event }) => event.startsWith('round-'))
    .map(({ event, channel }) => `${event} ${channel}`);
  const published = Array.from({ length: rounds }, (_, n) => n).flatMap((n) =>
    channels.map((channel) => `round-${n} ${channel}`),
  );
  expect(received.length).toBeLessThan(published.length);
  expect(received).toEqual(published.slice(0, received.length));
  expect(await hooks.namesOf('presence-slow', 4)).toEqual([
    'channel_occupied',
    'member_added',
    'member_removed',
    'channel_vacated',
  ]);
});
