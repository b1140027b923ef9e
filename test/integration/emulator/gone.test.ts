import { request } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { connect, startStage } from '../support/emulator.ts';
import { RecordingLog } from '../support/log.ts';

const never = { timeoutMs: 60_000 };

test.each([
  ['/webhooks/wait-for', { match: { name: 'cache_miss' }, ...never }],
  ['/published/wait-for', { match: { event: 'never' }, ...never }],
  ['/idle', never],
])('%s ends when the caller disconnects, and no longer moves the clock', async (path, body) => {
  const log = new RecordingLog();
  const { emulator } = await startStage({ control: true, log });
  // The emulator is not idle while a response is held back.
  emulator.faults.webhooks({ timeout: true });
  if (path === '/idle') await (await connect(emulator)).subscribe('news');
  const wait = request(`${emulator.url}/control${path}`, { method: 'POST' }).on('error', () => {});
  onTestFinished(() => void wait.destroy());
  await new Promise<void>((resolve) => void wait.end(JSON.stringify(body), () => resolve()));
  // It has been sent, so the wait has begun once a later request has been answered.
  await fetch(`${emulator.url}/control/clock`);
  wait.destroy();
  const errors = () => log.lines.map(({ fields }) => fields['error']);
  await expect.poll(errors).toContain('the client that requested this wait has disconnected');
  const before = emulator.clock.now();
  const client = await connect(emulator);
  await client.subscribe('other');
  await client.leave();
  await emulator.clock.advance(0);
  expect(emulator.clock.now()).toBe(before);
});

test('a wait whose caller stays is answered, also on a reused connection', async () => {
  const { emulator } = await startStage({ control: true });
  const wait = () =>
    fetch(`${emulator.url}/control/webhooks/wait-for`, {
      method: 'POST',
      body: JSON.stringify({ match: { name: 'channel_occupied' }, ...never }),
    }).then(async (answer) => [answer.status, await answer.json()] as const);
  const first = wait();
  await (await connect(emulator)).subscribe('news');
  expect(await first).toMatchObject([200, { channel: 'news' }]);
  expect(await wait()).toMatchObject([200, { channel: 'news' }]);
});
