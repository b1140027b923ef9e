import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { startEmulator, startReceiver, type Emulator, type Receiver } from 'soketify-emulator';
import { openSite, visit, type Site } from '../support.ts';
import { activeChannels, POST } from './route.ts';
import { serveRoute } from './serve-route.ts';

// For node:test: node --import tsx --test active-channels.suite.ts

let site: Site;
let receiver: Receiver;
let soketify: Emulator;

before(async () => {
  site = await openSite();
  site.serve(serveRoute(POST));
  // The client of the test. It receives what the application publishes, and shows the true state.
  receiver = await startReceiver();
  soketify = await startEmulator({
    clock: 'virtual',
    apps: [{ webhooks: [{ url: `${site.url}/api/webhooks/soketify` }, { url: receiver.url }] }],
  });
  process.env['SOKETIFY_APP_SECRET'] = soketify.secret;
});

after(async () => {
  await soketify.close();
  await receiver.close();
  await site.close();
});

beforeEach(async () => {
  await soketify.reset();
  receiver.reset();
  activeChannels.clear();
});

test('a channel is active from its first subscriber until three seconds after its last', async () => {
  const first = await visit(soketify);
  await first.subscribe('news');
  await soketify.webhooks.waitFor({ name: 'channel_occupied', channel: 'news' });
  assert.deepEqual([...activeChannels], ['news']);

  const second = await visit(soketify);
  await second.subscribe('news');
  first.leave();
  await soketify.webhooks.expectNone({ name: 'channel_vacated' });
  assert.deepEqual([...activeChannels], ['news']);

  second.leave();
  await soketify.webhooks.waitFor({ name: 'channel_vacated', channel: 'news' });
  assert.deepEqual([...activeChannels], []);
});

test('the application knows the true state, however often its endpoint fails', async () => {
  soketify.faults.webhooks({ endpoint: `${site.url}/api/webhooks/soketify`, status: 500, times: 5 });
  const visitors = await Promise.all(['a', 'b', 'c'].map(() => visit(soketify)));
  for (const [index, visitor] of visitors.entries()) {
    await visitor.subscribe('lobby');
    await visitor.subscribe(`room-${index}`);
  }
  visitors[0]?.leave();
  await soketify.webhooks.waitFor({ name: 'channel_vacated', channel: 'room-0' });
  await soketify.idle();
  const { occupied, contradictions } = receiver.state();
  assert.deepEqual(occupied, ['lobby', 'room-1', 'room-2']);
  assert.deepEqual(contradictions, []);
  assert.deepEqual([...activeChannels].toSorted(), occupied);
  for (const visitor of visitors) visitor.leave();
});

test('a webhook with a wrong signature is rejected', async () => {
  const response = await fetch(`${site.url}/api/webhooks/soketify`, {
    method: 'POST',
    headers: { 'x-pusher-signature': 'f'.repeat(64) },
    body: '{"time_ms":1,"events":[{"name":"channel_occupied","channel":"bank"}]}',
  });
  assert.equal(response.status, 401);
  assert.deepEqual([...activeChannels], []);
});
