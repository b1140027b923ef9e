import { createServer, type AddressInfo } from 'node:net';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { createClient } from '../support/e2e/client.ts';
import { app, type AppConfig } from '../support/e2e/config.ts';
import { Journal } from '../support/journal.ts';
import { startServer } from '../support/e2e/server.ts';
import { connectSocket, Socket } from '../support/e2e/socket.ts';

const named = (name: string, more: Partial<AppConfig>): AppConfig => ({
  id: name,
  key: `${name}-key`,
  secret: `${name}-secret`,
  ...more,
});
const secure = named('secure', { forceTls: true });
const disabled = named('disabled', { enabled: false });
const full = named('full', { limits: { connections: 2 } });
const paged = named('paged', {
  allowedOrigins: ['https://example.com', 'https://*.example.org:8443', 'capacitor://localhost'],
});
const crowded = named('crowded', { limits: { connections: 1 } });
/** More than one reason to reject a connection. */
const strict = named('strict', {
  enabled: false,
  forceTls: true,
  allowedOrigins: ['https://example.com'],
  limits: { connections: 1 },
});
const server = await startServer({ apps: [app, secure, disabled, full, crowded, paged, strict] });
afterAll(() => server.stop());

const tlsText = 'Application only accepts SSL connections, reconnect using wss://';
const fullText = 'Application is over connection quota: it has 2 connections, the most that are accepted';

/** The error as an event, then a close with the same code and text, and nothing else. */
async function expectRefused(socket: Socket, code: number, message: string): Promise<void> {
  expect(await socket.closed).toEqual({ code, reason: message });
  expect(socket.frames.items).toEqual([{ event: 'pusher:error', data: { message, code } }]);
}

describe('a connection', () => {
  test('is rejected with 4000 without TLS, if the app requires TLS', async () => {
    await expectRefused(new Socket(server, { app: secure }), 4000, tlsText);
  });

  test('is rejected with 4003 by an app that is disabled', async () => {
    await expectRefused(new Socket(server, { app: disabled }), 4003, 'Application disabled');
  });

  test('is rejected with 4004 above the quota, and accepted again once another has closed', async () => {
    const [first] = [await connectSocket(server, { app: full }), await connectSocket(server, { app: full })];
    await expectRefused(new Socket(server, { app: full }), 4004, fullText);
    await expectRefused(new Socket(server, { app: full }), 4004, fullText);
    first.close();
    await first.closed;
    await connectSocket(server, { app: full });
    await expectRefused(new Socket(server, { app: full }), 4004, fullText);
  });

  test.each([
    'https://example.com.evil.net',
    'http://example.com',
    'https://example.com:8443',
    'https://example.org:8443',
    'https://www.example.org',
    'null',
    'https://exampleXcom',
  ])('is rejected with 4009 from a page of another origin: %s', async (origin) => {
    await expectRefused(new Socket(server, { app: paged, origin }), 4009, `Origin not allowed: ${origin}`);
  });

  test.each([
    undefined,
    'https://example.com',
    'HTTPS://EXAMPLE.COM',
    'https://www.example.org:8443',
    'https://a.b.example.org:8443',
    'capacitor://localhost',
  ])('is accepted from a page of an allowed origin, or without an origin: %s', async (origin) => {
    await connectSocket(server, { app: paged, ...(origin !== undefined && { origin }) });
  });

  test('is accepted from any page by default', async () => {
    await connectSocket(server, { origin: 'https://anybody.example' });
  });

  test('is rejected with the first reason only', async () => {
    const socket = new Socket(server, { app: strict, origin: 'https://evil.net', query: 'protocol=3' });
    await expectRefused(socket, 4003, 'Application disabled');
  });
});

describe('pusher-js', () => {
  interface Refusal {
    readonly data?: { readonly code: number };
    readonly error?: { readonly data: { readonly code: number } };
  }

  test.each<[code: number, of: AppConfig]>([
    [4003, disabled],
    [4004, crowded],
  ])('does not reconnect after %i', async (code, of) => {
    if (of === crowded) await connectSocket(server, { app: crowded });
    const pusher = createClient(server, { app: of });
    const states = new Journal<string>('a state of the connection');
    const errors = new Journal<Refusal>('an error of the connection');
    pusher.connection.bind('state_change', ({ current }: { current: string }) => states.push(current));
    pusher.connection.bind('error', (error: Refusal) => errors.push(error));
    await states.first((state) => state === 'disconnected');
    expect(states.items).toEqual(['disconnected']);
    // The documentation of Pusher recommends to test `err.error.data.code`.
    expect(errors.items.map(({ error, data }) => (error?.data ?? data)?.code)).toContain(code);
  });

  test('reconnects immediately with TLS after 4000', async () => {
    const firstBytes = new Journal<number>('the first byte of a connection for TLS');
    const listener = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (bytes) => {
        firstBytes.push(bytes[0] ?? 0);
        socket.destroy();
      });
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void listener.close());
    const { port: wssPort } = listener.address() as AddressInfo;
    createClient(server, { app: secure, wssPort });
    const tlsHandshake = 22;
    expect((await firstBytes.count(1))[0]).toBe(tlsHandshake);
  });
});

describe('the kind of a channel follows from its name', () => {
  const kinds: readonly [channel: string, asksAuth: boolean, keepsEvents: boolean, hasMembers: boolean][] = [
    ['news', false, false, false],
    ['cache-news', false, true, false],
    ['private-news', true, false, false],
    ['private-cache-news', true, true, false],
    ['private-encrypted-news', true, false, false],
    ['private-encrypted-cache-news', true, true, false],
    ['presence-news', true, false, true],
    ['presence-cache-news', true, true, true],
    ['my-cache-news', false, false, false],
    ['not-private-news', false, false, false],
    ['a-presence-news', false, false, false],
    ['private', false, false, false],
    ['presence', false, false, false],
    ['cache', false, false, false],
    ['privatenews', false, false, false],
    ['Private-news', false, false, false],
    ['private-my-cache-news', true, false, false],
    ['cache-private-news', false, true, false],
    ['cache-presence-news', false, true, false],
    ['private-', true, false, false],
  ];
  test.each(kinds)('%s', async (channel, asksAuth, keepsEvents, hasMembers) => {
    const socket = await connectSocket(server);
    socket.send({ event: 'pusher:subscribe', data: { channel, auth: '' } });
    const events = (await socket.framesBeforePong()).map(({ event }) => event);
    const refused = ['pusher:subscription_error', 'pusher:error'];
    const miss = keepsEvents ? ['pusher:cache_miss'] : [];
    expect(events).toEqual(asksAuth ? refused : ['pusher_internal:subscription_succeeded', ...miss]);
    const member = await connectSocket(server);
    const { data } = await member.subscribe(channel, { user_id: 'anna' });
    const presence = { presence: { count: 1, ids: ['anna'], hash: { anna: null } } };
    expect(JSON.parse(String(data))).toEqual(hasMembers ? presence : {});
    expect((await member.framesBeforePong()).map(({ event }) => event)).toEqual(miss);
  });

  test('and a public one accepts any auth', async () => {
    const socket = await connectSocket(server);
    for (const [index, auth] of ['nonsense', 'app-key:00', 'nobody:00', null].entries()) {
      const channel = `public-${index}`;
      socket.send({ event: 'pusher:subscribe', data: { channel, auth, channel_data: 'nonsense' } });
      const event = 'pusher_internal:subscription_succeeded';
      await socket.expectFrame({ event, channel, data: '{}' });
    }
  });
});
