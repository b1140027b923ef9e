import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { Replay } from '../../src/webhooks/replay.ts';
import { parseReceived } from '../../src/webhooks/received.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { Client } from './support/client.ts';
import { metric, query } from './support/http.ts';
import { Receiver, type Received } from '../support/receiver.ts';
import { app, startServer } from './support/server.ts';

const rooms = 20;
const floodedBetween = 150;

async function enter(client: Client, channel: string, userId: string): Promise<void> {
  const channel_data = JSON.stringify({ user_id: userId });
  const signed = `${client.socketId}:${channel}:${channel_data}`;
  const auth = `${app.key}:${createHmac('sha256', app.secret).update(signed).digest('hex')}`;
  await client.subscribe(channel, { auth, channel_data });
}

/** The belief of an endpoint that got these requests. */
function stateOf(requests: readonly Received[]) {
  const replay = new Replay();
  for (const { body } of requests) {
    const received = parseReceived(body);
    if (received.kind === 'malformed') throw new Error(received.message);
    for (const event of received.body.events) replay.apply(event);
  }
  return replay.state();
}

test('a client that keeps occupying and leaving channels costs no member a webhook, nor the endpoint the truth', async () => {
  const clock = new FakeClock();
  const held: Received[] = [];
  let isHeld = true;
  const receiver = await Receiver.start((received) => {
    if (isHeld) held.push(received);
    else received.response.end();
  });
  const server = await startServer(
    {
      apps: [{ ...app, webhooks: [{ url: receiver.url }] }],
      webhooks: { unsubscribeGraceMs: 0, queueMaxBytes: 300_000 },
      // The limits at the source are tested elsewhere.
      limits: { messagesPerSecond: null, channelsPerConnection: null, newChannelsPerSecond: null },
    },
    { clock },
  );
  const flooder = await Client.connect(server);
  const members: string[] = [];
  for (let room = 0; room < rooms; room += 1) {
    for (let index = 0; index < floodedBetween; index += 1) {
      const channel = `flood-${room}-${index}`;
      flooder.send('pusher:subscribe', { channel });
      flooder.send('pusher:unsubscribe', { channel });
    }
    await flooder.ping();
    await enter(await Client.connect(server), `presence-room-${room}`, `user-${room}`);
    members.push(`presence-room-${room}`);
    await clock.advance(20);
  }
  expect(await metric(server, 'soketify_webhook_events_dropped_total', 'reason="undone"')).toBeGreaterThan(0);
  isHeld = false;
  for (const { response } of held) response.end();
  await expect
    .poll(async () => {
      await clock.advance(250);
      return metric(server, 'soketify_webhook_queue_events');
    })
    .toBe(0);
  const { occupied, members: present, contradictions } = stateOf(receiver.requests);
  expect(occupied).toEqual(members.toSorted());
  expect(Object.keys(present)).toEqual(members.toSorted());
  expect(contradictions).toEqual([]);
  const { dropped } = (await query(server, '/apps/1/webhooks/dropped')) as { dropped: unknown[] };
  expect(dropped).toEqual([]);
});
