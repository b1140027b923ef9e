import { expect, onTestFinished, test } from 'vitest';
import { startEmulator } from 'soketify-emulator';
import { openSite, visit } from '../support.ts';
import { createApp, createDatabase } from './app.ts';

async function start() {
  const site = await openSite();
  onTestFinished(() => site.close());
  const webhooks = [{ url: `${site.url}/webhooks/audit`, eventTypes: ['client_event'] as const }];
  const soketify = await startEmulator({ clock: 'virtual', apps: [{ webhooks }] });
  onTestFinished(() => soketify.close());
  const db = createDatabase();
  site.serve(createApp({ db, pusher: soketify.serverOptions() }));
  return {
    soketify,
    log: db.entries,
    async join(user: string, room: string) {
      const visitor = await visit(soketify, { site, user });
      onTestFinished(() => visitor.leave());
      return { channel: await visitor.subscribe(room), socketId: visitor.socketId };
    },
  };
}

test('an event on a private channel is recorded with the connection that sent it', async () => {
  const { soketify, log, join } = await start();
  const { channel, socketId } = await join('ada', 'private-chat-42');
  channel.trigger('client-typing', { isTyping: true });
  await soketify.webhooks.waitFor({ name: 'client_event' });
  expect(log).toEqual([
    {
      channel: 'private-chat-42',
      eventName: 'client-typing',
      data: '{"isTyping":true}',
      socketId,
      userId: null,
      timestamp: expect.any(Date) as Date,
    },
  ]);
});

test('on a presence channel it is recorded with the user', async () => {
  const { soketify, log, join } = await start();
  const { channel } = await join('ada', 'presence-room');
  channel.trigger('client-hello', {});
  await soketify.webhooks.waitFor({ name: 'client_event', user_id: 'ada' });
  expect(log).toMatchObject([{ eventName: 'client-hello', userId: 'ada' }]);
});

test('events are recorded in the order in which they were sent, even if the log was down', async () => {
  const { soketify, log, join } = await start();
  const { channel } = await join('ada', 'private-chat-42');
  soketify.faults.webhooks({ status: 500, times: 3 });
  for (const word of ['one', 'two', 'three']) channel.trigger('client-word', word);
  await soketify.webhooks.waitFor({ name: 'client_event', data: 'three' });
  expect(log.map(({ data }) => data)).toEqual(['one', 'two', 'three']);
});

test('a webhook that arrives twice is recorded once', async () => {
  const { soketify, log, join } = await start();
  const { channel } = await join('ada', 'private-chat-42');
  const twice = soketify.faults.webhooks({ duplicate: true, times: 1 });
  channel.trigger('client-word', 'once');
  await soketify.webhooks.waitFor({ name: 'client_event' });
  await soketify.idle();
  expect(twice.hits).toBe(1);
  expect(log.map(({ data }) => data)).toEqual(['once']);
});

test('the eleventh event within a second is rejected, and not recorded', async () => {
  const { soketify, log, join } = await start();
  const { channel } = await join('ada', 'private-chat-42');
  for (let word = 1; word <= 11; word += 1) channel.trigger('client-word', String(word));
  await soketify.webhooks.waitFor({ name: 'client_event', data: '10' });
  await soketify.webhooks.expectNone({ name: 'client_event', data: '11' });
  expect(log).toHaveLength(10);
});
