import { expect, onTestFinished, test, vi } from 'vitest';
import type { Emulator } from '../../../src/index.ts';
import { Client } from '../support/client.ts';
import { connect, startStage } from '../support/emulator.ts';

/** Has a subscription refused. */
async function failToSubscribe(client: Client, channel: string, rest: object): Promise<void> {
  client.send('pusher:subscribe', { channel, ...rest });
  await client.ping();
}

/** What a wait in vain says. */
async function sayings(emulator: Pick<Emulator, 'webhooks'>): Promise<string> {
  const waiting = emulator.webhooks.waitFor({ name: 'channel_occupied' }, { timeoutMs: 1 });
  return waiting.then(
    () => 'it came',
    (error: Error) => error.message,
  );
}

test('a wait in vain names subscriptions that were refused, and the secret as the likely cause', async () => {
  const { emulator } = await startStage();
  const client = await connect(emulator);
  await failToSubscribe(client, 'private-x', { auth: `${emulator.key}:${'0'.repeat(64)}` });
  expect(await sayings(emulator)).toContain(
    '\n1 subscription was refused: invalid signature for private-x. Does the backend use the secret of this app?',
  );
  await failToSubscribe(client, 'private-y', { auth: `${emulator.key}:${'0'.repeat(64)}` });
  await failToSubscribe(client, 'private-z', { auth: 'other-key:0' });
  await failToSubscribe(client, 'presence-z', {});
  const said = await sayings(emulator);
  expect(said).toContain(
    '\n2 subscriptions were refused, the last one because: invalid signature for private-y.',
  );
  expect(said).toContain(
    '\n1 subscription was refused: the key in the auth data for private-z is not that of this app.',
  );
  expect(said).toContain('\n1 subscription was refused: no auth data for presence-z.');
});

test('a wait in vain names a connection with a wrong key, and the keys that there are', async () => {
  const { emulator } = await startStage();
  const app = await emulator.createApp({ key: 'other-key', webhooks: [{ url: 'http://127.0.0.1:9/' }] });
  await new Client(`ws://127.0.0.1:${emulator.port}/app/wrong?protocol=7`).closed;
  const expected =
    "\n1 connection was refused: no app has the key 'wrong'. The keys are app-key, other-key: ";
  expect(await sayings(emulator)).toContain(expected);
  expect(await sayings(app)).toContain(expected);
});

test('refusals of one app are not told of another, and are forgotten at a reset', async () => {
  const { emulator } = await startStage();
  const app = await emulator.createApp({ webhooks: [{ url: 'http://127.0.0.1:9/' }] });
  await failToSubscribe(await connect(emulator), 'private-x', { auth: 'a:b' });
  expect(await sayings(emulator)).toContain('refused');
  expect(await sayings(app)).not.toContain('refused');
  await emulator.reset();
  expect(await sayings(emulator)).not.toContain('refused');
});

test('a wait for what has happened, but was not taken, says nothing of refusals', async () => {
  const { emulator } = await startStage();
  const client = await connect(emulator);
  await failToSubscribe(client, 'private-x', { auth: 'a:b' });
  emulator.faults.webhooks({ status: 401 });
  await client.subscribe('news');
  expect(await sayings(emulator)).not.toContain('was refused');
});

test('a wait in vain names timers that are faked', async () => {
  const { emulator } = await startStage();
  onTestFinished(() => void vi.useRealTimers());
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  expect(await sayings(emulator)).toContain('\nsetTimeout is faked: pusher-js cannot send.');
  vi.useRealTimers();
  vi.useFakeTimers({ toFake: ['Date'] });
  expect(await sayings(emulator)).not.toContain('faked');
});
