import { expect, onTestFinished, test, vi } from 'vitest';
import type { Emulator } from '../../../src/index.ts';
import { Client } from '../support/client.ts';
import { connect, startStage } from '../support/emulator.ts';

/** Sends a subscription that is refused. */
async function failToSubscribe(client: Client, channel: string, rest: object): Promise<void> {
  client.send('pusher:subscribe', { channel, ...rest });
  await client.ping();
}

/** The message of a wait that fails. */
async function messageOfWait(emulator: Pick<Emulator, 'webhooks'>): Promise<string> {
  const waiting = emulator.webhooks.waitFor({ name: 'channel_occupied' }, { timeoutMs: 1 });
  return waiting.then(
    () => 'the webhook was delivered',
    (error: Error) => error.message,
  );
}

test('a failed wait names refused subscriptions, and the secret as the likely cause', async () => {
  const { emulator } = await startStage();
  const client = await connect(emulator);
  await failToSubscribe(client, 'private-x', { auth: `${emulator.key}:${'0'.repeat(64)}` });
  expect(await messageOfWait(emulator)).toContain(
    '\n1 subscription was refused: invalid signature for private-x. Does the backend use the secret of this app?',
  );
  await failToSubscribe(client, 'private-y', { auth: `${emulator.key}:${'0'.repeat(64)}` });
  await failToSubscribe(client, 'private-z', { auth: 'other-key:0' });
  await failToSubscribe(client, 'presence-z', {});
  const message = await messageOfWait(emulator);
  expect(message).toContain(
    '\n2 subscriptions were refused, the last one because: invalid signature for private-y.',
  );
  expect(message).toContain(
    '\n1 subscription was refused: the key in the auth data for private-z is not that of this app.',
  );
  expect(message).toContain('\n1 subscription was refused: no auth data for presence-z.');
});

test('a failed wait names a connection with a wrong key, and the existing keys', async () => {
  const { emulator } = await startStage();
  const app = await emulator.createApp({ key: 'other-key', webhooks: [{ url: 'http://127.0.0.1:9/' }] });
  await new Client(`ws://127.0.0.1:${emulator.port}/app/wrong?protocol=7`).closed;
  const expected =
    "\n1 connection was refused: no app has the key 'wrong'. The keys are app-key, other-key: ";
  expect(await messageOfWait(emulator)).toContain(expected);
  expect(await messageOfWait(app)).toContain(expected);
});

test('refusals of one app are not reported for another, and a reset forgets them', async () => {
  const { emulator } = await startStage();
  const app = await emulator.createApp({ webhooks: [{ url: 'http://127.0.0.1:9/' }] });
  await failToSubscribe(await connect(emulator), 'private-x', { auth: 'a:b' });
  expect(await messageOfWait(emulator)).toContain('refused');
  expect(await messageOfWait(app)).not.toContain('refused');
  await emulator.reset();
  expect(await messageOfWait(emulator)).not.toContain('refused');
});

test('a wait for an event that happened but was not accepted does not mention refusals', async () => {
  const { emulator } = await startStage();
  const client = await connect(emulator);
  await failToSubscribe(client, 'private-x', { auth: 'a:b' });
  emulator.faults.webhooks({ status: 401 });
  await client.subscribe('news');
  expect(await messageOfWait(emulator)).not.toContain('was refused');
});

test('a failed wait names faked timers', async () => {
  const { emulator } = await startStage();
  onTestFinished(() => void vi.useRealTimers());
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  expect(await messageOfWait(emulator)).toContain('\nsetTimeout is faked: pusher-js cannot send.');
  vi.useRealTimers();
  vi.useFakeTimers({ toFake: ['Date'] });
  expect(await messageOfWait(emulator)).not.toContain('faked');
});
