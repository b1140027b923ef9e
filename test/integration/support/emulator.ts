import Backend from 'pusher';
import { onTestFinished } from 'vitest';
import { startEmulator, type Emulator, type EmulatorApp, type EmulatorOptions } from '../../../src/index.ts';
import { Client } from './client.ts';
import { Receiver } from '../../support/receiver.ts';

/** An emulator with the virtual clock, one app, and one endpoint that takes everything. */
export async function startStage(
  options: EmulatorOptions = {},
): Promise<{ readonly emulator: Emulator; readonly receiver: Receiver }> {
  const receiver = await Receiver.start();
  const apps = [{ webhooks: [{ url: receiver.url }] }];
  return { emulator: await start({ clock: 'virtual', apps, ...options }), receiver };
}

/** An emulator that is closed when the test ends. */
export async function start(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator(options);
  onTestFinished(() => emulator.close());
  return emulator;
}

/** A raw client of an app. */
export function connect(emulator: Emulator, { key }: EmulatorApp = emulator): Promise<Client> {
  return Client.connect(emulator, `/app/${key}?protocol=7`);
}

/** Subscribes to a presence channel as a user. */
export async function enter(
  client: Client,
  app: EmulatorApp,
  channel: string,
  userId: string,
): Promise<void> {
  const { auth, channel_data } = new Backend(app.serverOptions()).authorizeChannel(client.socketId, channel, {
    user_id: userId,
  });
  await client.subscribe(channel, { auth, channel_data });
}
