import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectClient, type Client } from '../e2e/client.ts';
import { app, quick, type AppConfig, type Config } from '../e2e/config.ts';
import { startReceiver, type Receiver } from '../e2e/receiver.ts';
import { sdkFor } from '../e2e/sdk.ts';
import { startServer, type Server } from '../e2e/server.ts';

/** A server with some activity of every kind. */
export interface Stage extends AsyncDisposable {
  readonly server: Server;
  /** An endpoint that accepts everything. */
  readonly good: Receiver;
  readonly anna: Client;
}

/**
 * An app with members, a cached event, deliveries of each kind, and two endpoints, one of which rejects
 * everything.
 */
export async function startStage(config: Config = {}): Promise<Stage> {
  const good = await startReceiver();
  const bad = await startReceiver({ answer: () => 500 });
  const webhooks: AppConfig['webhooks'] = [
    { id: 'good', url: good.url },
    { id: 'refuses', url: bad.url },
  ];
  const server = await startServer({
    apps: [{ ...app, clientEvents: true, webhooks }],
    // Long enough that even a loaded machine drops nothing before its first attempt.
    webhooks: { ...quick, retry: { initialDelayMs: 50, maxDelayMs: 200, maxElapsedMs: 1000 } },
    ...config,
  });
  const anna = await connectClient(server, { member: { user_id: 'anna', user_info: { name: 'Anna' } } });
  await anna.subscribePresence('presence-a-room-with-a-rather-long-name-that-has-to-go-somewhere');
  // This lets the following events form another delivery.
  await good.events.first(({ name }) => name === 'member_added');
  const room = await anna.subscribePresence('presence-room');
  await anna.subscribe('cache-stock');
  await anna.subscribe('private-chat');
  room.channel.trigger('client-typing', { isTyping: true });
  await sdkFor(server).trigger(['presence-room', 'cache-stock'], 'order-paid', { total: 12, text: 'ö' });
  await good.events.first(({ name }) => name === 'client_event');
  return {
    server,
    good,
    anna,
    async [Symbol.asyncDispose]() {
      anna.pusher.disconnect();
      await server.kill();
      await Promise.all([good.close(), bad.close()]);
    },
  };
}

/** An endpoint that answers as the test wants, even with nonsense. */
export async function startAnswering(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The pages of the server by the names of their screenshots, with addresses and headings. */
export const pages: readonly { readonly name: string; readonly address: string; readonly heading: string }[] =
  [
    { name: 'overview', address: 'apps/1/overview', heading: 'Overview' },
    { name: 'overview-all', address: 'overview', heading: 'Overview' },
    { name: 'console', address: 'apps/1/console', heading: 'Debug console' },
    { name: 'channels', address: 'apps/1/channels', heading: 'Channels' },
    { name: 'channel', address: 'apps/1/channels/presence-room', heading: 'presence-room' },
    { name: 'endpoints', address: 'apps/1/webhooks/endpoints', heading: 'Endpoints' },
    { name: 'deliveries', address: 'apps/1/webhooks/deliveries', heading: 'Deliveries' },
    { name: 'dropped', address: 'apps/1/webhooks/dropped', heading: 'Dropped' },
    { name: 'verify', address: 'apps/1/webhooks/verify', heading: 'Verify a signature' },
    { name: 'events', address: 'apps/1/events', heading: 'Events and why' },
    { name: 'truth', address: 'apps/1/truth?endpoint=refuses', heading: 'Truth' },
    { name: 'settings', address: 'apps/1/settings', heading: 'Settings' },
    { name: 'new-endpoint', address: 'apps/1/settings?edit=%2B', heading: 'Settings' },
    { name: 'add-app', address: 'add-app', heading: 'Add an app' },
  ];
