import { expect, onTestFinished, test } from 'vitest';
import { createEmulator } from '../../src/emulator/create.ts';
import { Client } from './support/client.ts';
import { RecordingLog } from './support/log.ts';
import { Receiver } from '../support/receiver.ts';
import { app, configOf, startServer } from './support/server.ts';

const failed = 'webhook attempt failed, will retry';

async function stage(privateAddresses: 'allow' | 'file' | 'refuse') {
  const receiver = await Receiver.start();
  const log = new RecordingLog();
  const webhooks = { privateAddresses, batch: { maxDelayMs: 0 } };
  const apps = [{ ...app, webhooks: [{ url: receiver.url }] }];
  return { receiver, log, given: { apps, webhooks } };
}

test('an endpoint in the file may have a private address', async () => {
  const { receiver, given } = await stage('file');
  const server = await startServer(given);
  await (await Client.connect(server)).subscribe('room');
  await receiver.next();
});

test('no endpoint may have one if the file forbids it', async () => {
  const { receiver, log, given } = await stage('refuse');
  const server = await startServer({ ...given, shutdownTimeoutMs: 0 }, { log });
  await (await Client.connect(server)).subscribe('room');
  await expect.poll(() => log.of(failed)).toMatchObject([{ outcome: 'unreachable: ADDRESS_NOT_PUBLIC' }]);
  expect(receiver.connections).toBe(0);
});

test.each(['file', 'allow'] as const)(
  'an endpoint that is set at run time may if the file says %s',
  async (privateAddresses) => {
    const { receiver, log, given } = await stage(privateAddresses);
    const { server, emulator } = await createEmulator(configOf(given), {
      clock: 'real',
      seed: 1,
      liveness: 'real',
      patienceMs: 1000,
      log,
    });
    onTestFinished(() => emulator.close());
    const added = await emulator.createApp({ webhooks: [{ url: `${receiver.url}/added` }] });
    await (await Client.connect(server, `/app/${added.key}?protocol=7`)).subscribe('room');
    if (privateAddresses === 'allow') {
      expect((await receiver.next()).url).toBe('/hook/added');
    } else {
      await expect.poll(() => log.of(failed)).toMatchObject([{ outcome: 'unreachable: ADDRESS_NOT_PUBLIC' }]);
      expect(receiver.connections).toBe(0);
    }
  },
);
