import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { app, otherApp, quick, type AppConfig, type EndpointConfig } from '../support/e2e/config.ts';
import { callApi } from '../support/e2e/http.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer, type Server } from '../support/e2e/server.ts';
import { connectSocket, Socket } from '../support/e2e/socket.ts';

const configOf = (...apps: readonly (AppConfig & { readonly [key: string]: unknown })[]) => ({
  apps,
  webhooks: quick,
});
const withHooks = (...webhooks: readonly EndpointConfig[]) => configOf({ ...app, webhooks });

/** Writes the configuration, sends SIGHUP, and waits for the resulting log entry. */
async function reload(server: Server, config: unknown, outcome = 'configuration reloaded') {
  const seen = server.log.items.length;
  await server.rewriteConfig(config);
  server.signal('SIGHUP');
  return server.log.until((lines) => lines.slice(seen).find(({ msg }) => msg === outcome));
}

describe('SIGHUP', () => {
  test('keeps all connections; new endpoints receive events immediately, removed ones nothing more', async () => {
    await using before = await startReceiver();
    await using after = await startReceiver();
    await using server = await startServer(withHooks({ url: before.url }));
    const socket = await connectSocket(server);
    await socket.subscribe('first');
    await before.eventsOf('first', 1);
    await reload(server, withHooks({ url: after.url }));
    await socket.subscribe('second');
    expect(await after.namesOf('second', 1)).toEqual(['channel_occupied']);
    socket.unsubscribe('first');
    expect(await after.namesOf('first', 1)).toEqual(['channel_vacated']);
    expect(before.events.items.map(({ channel }) => channel)).toEqual(['first']);
    expect(await socket.framesBeforePong()).toEqual([]);
  });

  test('changes the limits of open connections', async () => {
    await using server = await startServer(configOf({ ...app, limits: { presenceMembers: 1 } }));
    const [one, two] = [await connectSocket(server), await connectSocket(server)];
    await one.subscribe('presence-room', { user_id: '1' });
    two.requestSubscription('presence-room', { user_id: '2' });
    expect((await two.nextFrame()).event).toBe('pusher:subscription_error');
    expect((await two.nextFrame()).event).toBe('pusher:error');
    await reload(server, configOf({ ...app, limits: { presenceMembers: 2 } }));
    await two.subscribe('presence-room', { user_id: '2' });
  });

  test('leaves every question about a channel or user that is longer than a lowered limit answerable', async () => {
    await using server = await startServer(configOf({ ...app, limits: { channelsPerAnswer: 2 } }));
    const socket = await connectSocket(server);
    const names = ['a', 'b', 'c'].map((last) => `presence-${'x'.repeat(112)}${last}`);
    for (const name of names) await socket.subscribe(name, { user_id: 'long-user' });
    socket.requestSignIn('{"id":"long-user"}');
    expect((await socket.nextFrame()).event).toBe('pusher:signin_success');
    await reload(server, configOf({ ...app, limits: { channelNameLength: 64, userIdLength: 4 } }));
    const [first = '', second = '', third = ''] = names;
    const ask = async (path: string, params = {}) =>
      JSON.parse((await callApi(server, { path: `/apps/1/channels${path}`, params })).text) as unknown;
    const page = { channels: { [first]: {}, [second]: {} }, next: second };
    expect(await ask('', { limit: '2' })).toEqual(page);
    expect(await ask('', { limit: '2', after: second })).toEqual({ channels: { [third]: {} } });
    expect(await ask(`/${third}`)).toEqual({ occupied: true });
    expect(await ask(`/${third}/users`)).toEqual({ users: [{ id: 'long-user' }] });
    const path = '/apps/1/users/long-user/terminate_connections';
    expect((await callApi(server, { method: 'POST', path })).status).toBe(200);
    expect((await socket.closed).code).toBe(4009);
  });

  test('adds apps, disables them with 4003 and removes them with 4001, each without touching the others', async () => {
    await using hooks = await startReceiver({ secret: otherApp.secret });
    const other = { ...otherApp, webhooks: [{ url: hooks.url }] };
    await using server = await startServer(configOf(app));
    const bystander = await connectSocket(server);
    await reload(server, configOf(app, other));
    const first = await connectSocket(server, { app: other });
    await first.subscribe('room');
    await hooks.eventsOf('room', 1);

    await reload(server, configOf(app, { ...other, enabled: false }));
    expect(await first.closed).toEqual({ code: 4003, reason: 'Application disabled' });
    expect(await hooks.namesOf('room', 2)).toEqual(['channel_occupied', 'channel_vacated']);
    expect((await new Socket(server, { app: other }).closed).code).toBe(4003);
    expect(await callApi(server, { path: '/apps/2/channels', app: other })).toMatchObject({
      status: 403,
      text: 'Application disabled',
    });

    await reload(server, configOf(app, other));
    const second = await connectSocket(server, { app: other });
    await second.subscribe('presence-room', { user_id: 'anna' });
    await hooks.eventsOf('presence-room', 2);
    await reload(server, configOf(app));
    expect((await second.closed).code).toBe(4001);
    expect(await hooks.namesOf('presence-room', 4)).toEqual([
      'channel_occupied',
      'member_added',
      'member_removed',
      'channel_vacated',
    ]);
    expect((await callApi(server, { path: '/apps/2/channels', app: other })).status).toBe(404);
    expect(await bystander.framesBeforePong()).toEqual([]);
  });

  test.each([
    ['is no JSON', '{"apps":', /^not valid JSON/],
    ['has an error', { apps: [{ id: '1', key: 'k' }] }, /^missing; expected a non-empty string/],
  ])('with a file that %s changes nothing, and the reason is logged', async (_what, config, message) => {
    await using server = await startServer(configOf(app));
    const socket = await connectSocket(server);
    const line = await reload(server, config, 'configuration not reloaded, the old one stays active');
    expect(line.faults?.[0]?.message).toMatch(message);
    await socket.subscribe('news');
    expect((await callApi(server, { path: '/apps/1/channels' })).text).toBe('{"channels":{"news":{}}}');
  });

  test('with a file that cannot be read changes nothing, and the reason is logged', async () => {
    await using server = await startServer(configOf(app));
    const { configFile } = server;
    await rm(configFile);
    await symlink(configFile, configFile);
    server.signal('SIGHUP');
    const line = await server.log.first(({ faults }) => faults !== undefined);
    expect(line.faults?.[0]?.message).toContain('cannot be read: ELOOP');
    expect((await callApi(server, { path: '/apps/1/channels' })).status).toBe(200);
  });

  test('logs what needs a restart until it is in force, and what has changed', async () => {
    const config = { shutdownTimeoutMs: 2000, ...configOf(app) };
    await using server = await startServer(config);
    const named = async (changed: unknown) => {
      const seen = server.log.items.length;
      expect(await reload(server, changed)).toMatchObject({ cause: 'SIGHUP', apps: 1, changed: false });
      const said = server.log.items.slice(seen, -1).filter(({ keys }) => keys !== undefined);
      return said.map(({ msg, keys }) => [msg, keys]);
    };
    const warning = ['these changes need a restart', ['host']];
    expect(await named({ ...config, host: '127.0.0.2' })).toEqual([warning]);
    expect(await named({ ...config, host: '127.0.0.2' })).toEqual([warning]);
    expect(await named(config)).toEqual([]);
    const webhooks = [{ id: 'main', url: 'http://127.0.0.1:1/' }];
    const { apps: _, ...rest } = config;
    expect(await reload(server, { ...rest, apps: [app, { ...otherApp, webhooks }] })).toMatchObject({
      apps: 2,
      changed: true,
      appsAdded: ['2'],
      endpointsAdded: ['2/main'],
    });
  });

  test('pauses an endpoint: nothing is sent to it, pending deliveries are listed, and sending resumes where it stopped', async () => {
    await using hooks = await startReceiver();
    const endpoint = { id: 'main', url: hooks.url };
    await using server = await startServer(withHooks(endpoint));
    const socket = await connectSocket(server);
    await socket.subscribe('before');
    await hooks.eventsOf('before', 1);
    await reload(server, withHooks({ ...endpoint, enabled: false }));
    await socket.subscribe('meanwhile');
    const dropped = async () =>
      JSON.parse((await callApi(server, { path: '/apps/1/webhooks/dropped' })).text) as unknown;
    await expect.poll(dropped).toMatchObject({
      dropped: [{ endpoint: 'main', channel: 'meanwhile', name: 'channel_occupied', reason: 'disabled' }],
    });
    await reload(server, withHooks(endpoint));
    await socket.subscribe('after');
    await hooks.eventsOf('after', 1);
    expect(hooks.events.items.map(({ channel }) => channel)).toEqual(['before', 'after']);
  });

  test('switches subscription counts on and off: they are sent while they are on, and count all connections', async () => {
    await using hooks = await startReceiver();
    const webhooks = [{ url: hooks.url, eventTypes: ['subscription_count', 'channel_vacated'] }];
    const counting = (subscriptionCount: boolean) => configOf({ ...app, subscriptionCount, webhooks });
    await using server = await startServer(counting(false));
    const reported = () => hooks.events.items.map((event) => event.subscription_count ?? event.name);
    const expectSubscribers = async (count: number) => {
      const params = { info: 'subscription_count' };
      const ask = async () =>
        JSON.parse((await callApi(server, { path: '/apps/1/channels/news', params })).text) as unknown;
      await expect.poll(ask).toEqual({ occupied: true, subscription_count: count });
    };
    const readUntil = async (socket: Socket, count: number) => {
      await socket.frames.first(({ data }) => data === `{"subscription_count":${count}}`);
      await socket.framesBeforePong();
    };

    // Enough that each of two workers has some.
    const many = await Promise.all(Array.from({ length: 12 }, () => connectSocket(server)));
    for (const socket of many) await socket.subscribe('news');
    await expectSubscribers(12);
    await reload(server, counting(true));
    const late = await connectSocket(server);
    await late.subscribe('news');
    for (const socket of [...many, late]) await readUntil(socket, 13);
    await hooks.events.first(({ subscription_count: count }) => count === 13);
    // Workers on Redis report a change a little later, here perhaps only after the reload.
    expect(reported().filter((count) => count !== 12)).toEqual([13]);

    await reload(server, counting(false));
    const before = reported();
    for (const socket of many.slice(2)) socket.close();
    await expectSubscribers(3);
    expect(await late.framesBeforePong()).toEqual([]);
    await reload(server, counting(true));
    expect(reported()).toEqual(before);

    late.unsubscribe('news');
    for (const socket of many.slice(0, 2)) await readUntil(socket, 2);
    for (const socket of many.slice(0, 2)) socket.unsubscribe('news');
    await hooks.events.first(({ name }) => name === 'channel_vacated');
    // Two that leave together may be counted together.
    const after = reported().slice(before.length);
    expect(after.filter((one) => one !== 3 && one !== 1)).toEqual([2, 0, 'channel_vacated']);
  });

  test('removes an app whose webhooks report subscription counts: the last one is 0', async () => {
    await using hooks = await startReceiver();
    const webhooks = [{ url: hooks.url, eventTypes: ['subscription_count'] }];
    const counting = { ...app, subscriptionCount: true, webhooks };
    await using server = await startServer(configOf(counting, otherApp));
    const sockets = await Promise.all(Array.from({ length: 12 }, () => connectSocket(server)));
    for (const socket of sockets) await socket.subscribe('news');
    await hooks.events.first(({ subscription_count: count }) => count === 12);
    await reload(server, configOf(otherApp));
    await hooks.events.first(({ subscription_count: count }) => count === 0);
  });

  test('rotates a secret that is in a file, and with --watch automatically', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'soketify-e2e-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const secretFile = join(folder, 'secret');
    await writeFile(secretFile, 'first-secret\n');
    const { id, key } = app;
    await using server = await startServer({ apps: [{ id, key, secretFile }] } as never, {
      args: ['--watch'],
    });
    const statusWith = async (secret: string) =>
      (await callApi(server, { path: '/apps/1/channels', app: { ...app, secret } })).status;
    expect([await statusWith('first-secret'), await statusWith('second-secret')]).toEqual([200, 401]);
    await writeFile(secretFile, 'second-secret\n');
    await server.log.first(({ msg, cause }) => msg === 'configuration reloaded' && cause === 'file changed');
    expect([await statusWith('first-secret'), await statusWith('second-secret')]).toEqual([401, 200]);
  });
});

test('a renewed certificate is used when its files change, and open connections continue', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'soketify-e2e-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const tls = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  const install = async (name: string) => {
    await copyFile(fixture(`${name}.key.pem`), tls.keyFile);
    await copyFile(fixture(`${name}.cert.pem`), tls.certFile);
  };
  await install('localhost');
  await using server = await startServer({ apps: [app], tls } as never);
  const kept = await connectTls(server.port);
  expect(kept.getPeerCertificate().fingerprint256).toBe(await fingerprint('localhost'));
  await install('second');
  await server.log.first(
    ({ msg, cause }) => msg === 'configuration reloaded' && cause === 'certificate changed',
  );
  const fresh = await connectTls(server.port);
  expect(fresh.getPeerCertificate().fingerprint256).toBe(await fingerprint('second'));
  kept.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
  expect(String(await once(kept, 'data').then(([data]) => data as Buffer))).toMatch(/^HTTP\/1\.1 200 OK/);
});

test('reloads fail no attempt to connect while the certificate is the same', async () => {
  const tls = { certFile: fixture('localhost.cert.pem'), keyFile: fixture('localhost.key.pem') };
  await using server = await startServer({ apps: [app], tls } as never);
  const over = new AbortController();
  const failures: unknown[] = [];
  const visit = async () => {
    while (!over.signal.aborted) {
      await connectTls(server.port).then(
        (socket) => socket.destroy(),
        (error: unknown) => failures.push(error),
      );
    }
  };
  const visits = [visit(), visit(), visit(), visit()];
  for (let count = 1; count <= 20; count += 1) {
    server.signal('SIGHUP');
    await server.log.count(count, ({ msg }) => msg === 'configuration reloaded');
  }
  over.abort();
  await Promise.all(visits);
  expect(failures).toEqual([]);
});

function fixture(name: string): string {
  return fileURLToPath(new URL(`../support/tls/${name}`, import.meta.url));
}

async function fingerprint(name: string): Promise<string> {
  return new X509Certificate(await readFile(fixture(`${name}.cert.pem`))).fingerprint256;
}

async function connectTls(port: number): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}
