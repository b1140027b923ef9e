import { networkInterfaces } from 'node:os';
import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import { plainText } from '../../src/transport/http-message.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { Client } from './support/client.ts';
import { startGateway } from './support/gateway.ts';
import { get, metric, trigger } from './support/http.ts';
import { Receiver } from '../support/receiver.ts';
import { app, startServer } from './support/server.ts';
import { pair } from './support/tls.ts';

/** The grammar of the text format: a comment, or a name, labels and a number. */
const line =
  /^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{\w+="(?:[^"\\]|\\.)*"(?:,\w+="(?:[^"\\]|\\.)*")*\})? (\S+))$/;

/** An address of this machine that is not loopback. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === 'IPv4' && !address.internal)?.address;

describe('GET /metrics', () => {
  test('is valid Prometheus text without negative numbers', async () => {
    const receiver = await Receiver.start();
    const server = await startServer({ apps: [{ ...app, webhooks: [{ url: receiver.url }] }] });
    const client = await Client.connect(server);
    await client.subscribe('cache-a');
    await trigger(server, 'cache-a');
    await receiver.next();
    await client.leave();
    await expect.poll(() => metric(server, 'soketify_connections')).toBe(0);
    const { status, contentType, body } = await get(server, '/metrics');
    expect(status).toBe(200);
    expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    for (const text of body.split('\n').filter((candidate) => candidate !== '')) {
      const [, number] = line.exec(text) ?? [undefined, 'no such form'];
      if (!text.startsWith('#')) expect(Number(number), text).toBeGreaterThanOrEqual(0);
      else expect(text).toMatch(line);
    }
  });

  test('the number of connections is never negative, however they end', async () => {
    const server = await startServer();
    for (let round = 0; round < 5; round += 1) {
      const clients = await Promise.all([1, 2, 3].map(() => Client.connect(server)));
      expect(await metric(server, 'soketify_connections')).toBe(3);
      clients[0]?.ws.terminate();
      clients[1]?.ws.close(4200);
      clients[2]?.ws.send('x'.repeat(300 * 1024));
      const refused = new Client(`ws://127.0.0.1:${server.port}/app/nobody`);
      await Promise.all([refused, ...clients].map(({ closed }) => closed));
      await expect.poll(() => metric(server, 'soketify_connections')).toBe(0);
    }
    expect(await metric(server, 'soketify_connections_opened_total')).toBe(15);
  });
});

describe('the limits of connections', () => {
  test('are reported for the node and for each app that has one', async () => {
    const limited = { ...app, limits: { connections: 20 } };
    const server = await startServer({ maxConnections: 30, apps: [limited] });
    expect(await metric(server, 'soketify_connections_limit')).toBe(30);
    expect(await metric(server, 'soketify_app_connections_limit')).toBe(20);
  });

  test('include the one that follows from the limit of open files', async () => {
    const server = await startServer({}, { openFiles: { limit: 1000, open: 20 } });
    const limit = await metric(server, 'soketify_connections_limit');
    expect(limit).toBeGreaterThan(500);
    expect(limit).toBeLessThan(1000);
  });
});

describe('metrics on the port of the clients', () => {
  const routes = [
    { method: 'get', pattern: '/metrics', port: 'metrics', handle: () => plainText(200, 'figures') },
  ] as const;

  test('are served only to this machine unless they are public', async () => {
    const server = await startGateway({ publicMetrics: false, host: '0.0.0.0' }, routes);
    expect(await get(server, '/metrics')).toMatchObject({ status: 200, body: 'figures' });
    const forwarded = { headers: { 'x-forwarded-for': '127.0.0.1' } };
    const { statusCode, body } = await request(`http://127.0.0.1:${server.port}/metrics`, forwarded);
    expect(statusCode).toBe(403);
    expect(await body.text()).toContain('metrics.port');
  });

  test.runIf(outside !== undefined)('are refused to another address of the network', async () => {
    for (const [publicMetrics, status] of [
      [false, 403],
      [true, 200],
    ] as const) {
      const server = await startGateway({ publicMetrics, host: '0.0.0.0' }, routes);
      const { statusCode, body } = await request(`http://${outside}:${server.port}/metrics`);
      await body.dump();
      expect(statusCode).toBe(status);
    }
  });

  test('are rendered once a second at most, however many requests arrive', async () => {
    const clock = new FakeClock();
    const server = await startServer({}, { livenessClock: clock, cachesMetrics: true });
    const texts = await Promise.all([1, 2, 3].map(() => get(server, '/metrics')));
    expect(new Set(texts.map(({ body }) => body)).size).toBe(1);
    await clock.advance(999);
    const client = await Client.connect(server);
    expect(await metric(server, 'soketify_connections')).toBe(0);
    await clock.advance(1);
    expect(await metric(server, 'soketify_connections')).toBe(1);
    await client.leave();
  });
});

describe('metrics on their own port', () => {
  test('are served only there, over plain HTTP', async () => {
    const server = await startServer({ metrics: { port: 0 }, path: '/realtime', tls: pair('localhost') });
    const metrics = { port: server.metricsPort ?? 0 };
    expect(metrics.port).not.toBe(server.port);
    for (const path of ['/metrics', '/realtime/metrics']) {
      expect(await get(metrics, path)).toMatchObject({
        status: 200,
        contentType: expect.stringMatching(/^text\/plain; version=0\.0\.4/) as string,
      });
    }
    expect(await statusOf(metrics, 'HEAD', '/metrics')).toBe(200);
    expect(await statusOf(metrics, 'POST', '/metrics')).toBe(405);
    for (const path of ['/livez', '/apps/1/channels', '/']) {
      expect(await get(metrics, path)).toMatchObject({ status: 404 });
    }
    const socket = new Client(`ws://127.0.0.1:${metrics.port}/app/app-key`);
    expect(await socket.closed).toMatchObject({ code: 1006 });
  });

  test('are not on the port of the clients', async () => {
    const server = await startServer({ metrics: { port: 0 } });
    expect(await get(server, '/metrics')).toMatchObject({ status: 404, body: 'No such route: GET /metrics' });
    expect(await get(server, '/livez')).toMatchObject({ status: 200 });
  });

  test('can be read during a shutdown, but not after it', async () => {
    const { gateway, ...ports } = await startGateway({ metrics: { port: 0 } }, [
      { method: 'get', pattern: '/metrics', port: 'metrics', handle: () => plainText(200, 'figures') },
    ]);
    const metrics = { port: ports.metricsPort ?? 0 };
    gateway.stop();
    await expect(get(ports, '/metrics')).rejects.toThrow('ECONNREFUSED');
    expect(await get(metrics, '/metrics')).toMatchObject({ status: 200, body: 'figures' });
    gateway.close();
    await expect(get(metrics, '/metrics')).rejects.toThrow(/ECONNRE/);
  });
});

async function statusOf({ port }: { port: number }, method: 'HEAD' | 'POST', path: string): Promise<number> {
  const { statusCode, body } = await request(`http://127.0.0.1:${port}${path}`, { method });
  await body.dump();
  return statusCode;
}
