import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import type { Caller } from '../../src/auth/caller.ts';
import { json, noContent, plainText } from '../../src/transport/http-message.ts';
import type { Route } from '../../src/transport/http.ts';
import { startGateway } from './support/gateway.ts';
import { dial, get, readAll, requestHead } from './support/http.ts';
import { pair } from './support/tls.ts';

const routes: readonly Route[] = [
  { method: 'get', pattern: '/dashboard/', port: 'dashboard', handle: () => plainText(200, 'page') },
  { method: 'get', pattern: '/metrics', port: 'metrics', handle: () => plainText(200, 'figures') },
  { method: 'get', pattern: '/livez', handle: () => plainText(200, 'live') },
];

describe('the Dashboard', () => {
  test('is served with everything else if it has no port of its own', async () => {
    const server = await startGateway({ dashboard: { host: undefined, port: undefined } }, routes);
    expect(server.dashboardPort).toBeUndefined();
    expect(await get(server, '/dashboard/')).toMatchObject({ status: 200, body: 'page' });
  });

  test('is served on a port of its own, without TLS, and then nowhere else', async () => {
    const options = { dashboard: { port: 0 }, metrics: { port: 0 }, path: '/realtime' };
    const server = await startGateway({ ...options, tls: pair('localhost') }, routes);
    const own = { port: server.dashboardPort ?? 0 };
    expect(await get(own, '/dashboard/')).toMatchObject({ status: 200, body: 'page' });
    expect(await get(own, '/realtime/dashboard/')).toMatchObject({ status: 200 });
    for (const path of ['/livez', '/metrics']) expect(await get(own, path)).toMatchObject({ status: 404 });
    const metrics = { port: server.metricsPort ?? 0 };
    expect(await get(metrics, '/dashboard/')).toMatchObject({ status: 404 });
    const plain = await startGateway(options, routes);
    expect(await get(plain, '/dashboard/')).toMatchObject({ status: 404 });
    expect(await get(plain, '/livez')).toMatchObject({ status: 200 });
  });

  test('can still be read on its own port during the shutdown, and not after it', async () => {
    const server = await startGateway({ dashboard: { port: 0 } }, routes);
    const own = { port: server.dashboardPort ?? 0 };
    server.gateway.stop();
    await expect(get(server, '/livez')).rejects.toThrow('ECONNREFUSED');
    expect(await get(own, '/dashboard/')).toMatchObject({ status: 200 });
    server.gateway.close();
    await expect(get(own, '/dashboard/')).rejects.toThrow(/ECONNRE/);
  });

  test('must have a usable port, or the start names the key to change', async () => {
    const other = await startGateway();
    await expect(startGateway({ dashboard: { port: other.port } }, routes)).rejects.toThrow(
      /Choose another one with dashboard\.host and dashboard\.port/,
    );
  });

  test('cannot be read by other pages', async () => {
    const server = await startGateway({}, routes);
    const preflight = { origin: 'https://example.com', 'access-control-request-method': 'POST' };
    for (const method of ['GET', 'OPTIONS'] as const) {
      const url = `http://127.0.0.1:${server.port}/dashboard/`;
      const { headers, body } = await request(url, { method, headers: preflight });
      await body.dump();
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });
});

describe('PUT', () => {
  const putRoute: Route = {
    method: 'put',
    pattern: '/apps/:app',
    handle: ({ method, appId, body }) =>
      json(JSON.stringify({ method, appId, body: Buffer.from(body).toString() }), 201),
  };

  test('is served, and included in the methods of its path', async () => {
    const server = await startGateway({}, [putRoute]);
    const url = `http://127.0.0.1:${server.port}/apps/7`;
    const put = await request(url, { method: 'PUT', body: '{"name":"x"}' });
    expect(put.statusCode).toBe(201);
    expect(await put.body.json()).toEqual({ method: 'PUT', appId: '7', body: '{"name":"x"}' });
    const posted = await request(url, { method: 'POST' });
    expect(posted.statusCode).toBe(405);
    expect(await posted.body.text()).toBe('Method not allowed: got POST, expected one of PUT, OPTIONS');
    const options = await request(url, { method: 'OPTIONS' });
    await options.body.dump();
    expect(options.headers['allow']).toBe('PUT, OPTIONS');
  });
});

describe('a response of bytes', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  const route: Route = {
    method: 'get',
    pattern: '/file',
    handle: () => ({
      status: 200,
      contentType: 'application/octet-stream',
      headers: { 'Content-Encoding': 'x-none' },
      body: bytes,
    }),
  };

  test('is sent unchanged', async () => {
    const server = await startGateway({}, [route]);
    const { headers, body } = await request(`http://127.0.0.1:${server.port}/file`);
    expect(headers['content-length']).toBe('256');
    expect(Buffer.from(await body.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test('has its length in bytes for HEAD', async () => {
    const server = await startGateway({}, [route]);
    const socket = await dial(server, requestHead('HEAD /file', 'Connection: close'));
    expect(await readAll(socket)).toMatch(/Content-Length: 256\r\n/);
  });
});

test('a response of 304 has neither type nor body', async () => {
  const route: Route = {
    method: 'get',
    pattern: '/file',
    handle: () => ({ ...noContent({ ETag: '"1"' }), status: 304 }),
  };
  const server = await startGateway({}, [route]);
  const socket = await dial(server, requestHead('GET /file', 'Connection: close'));
  const answer = await readAll(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 304 Not Modified\r\nETag: "1"/);
  expect(answer).not.toMatch(/Content-Type|Content-Length/);
});

describe('the sender of a request', () => {
  const callers: (Caller | undefined)[] = [];
  const route: Route = {
    method: 'get',
    pattern: '/who',
    readsCaller: true,
    handle({ caller }) {
      callers.push(caller);
      return plainText(200, '');
    },
  };

  async function callerOf(trustedProxies: readonly string[], headers: Record<string, string> = {}) {
    const server = await startGateway({ trustedProxies }, [route]);
    const { body } = await request(`http://127.0.0.1:${server.port}/who`, { headers });
    await body.dump();
    return callers.at(-1);
  }

  const proxied = { 'x-forwarded-for': '198.51.100.7', 'x-forwarded-proto': 'https' };

  test('is described by the headers that it sent, and is local', async () => {
    const headers = {
      cookie: 'a=b',
      'content-type': 'application/json',
      'last-event-id': '17',
      'accept-encoding': 'br',
      authorization: 'Bearer t',
      origin: 'http://localhost',
      'sec-fetch-site': 'same-origin',
    };
    expect(await callerOf([], headers)).toEqual({
      authorization: 'Bearer t',
      origin: 'http://localhost',
      host: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
      fetchSite: 'same-origin',
      cookie: 'a=b',
      contentType: 'application/json',
      lastEventId: '17',
      acceptEncoding: 'br',
      remoteAddress: '127.0.0.1',
      isSecure: false,
      isLocal: true,
      isForwarded: false,
    });
  });

  test('is the client that a trusted proxy names', async () => {
    expect(await callerOf(['127.0.0.1'], proxied)).toMatchObject({
      remoteAddress: '198.51.100.7',
      isSecure: true,
      isLocal: true,
      isForwarded: true,
    });
  });

  test('is not identified by headers that it sets itself', async () => {
    expect(await callerOf([], proxied)).toMatchObject({
      remoteAddress: '127.0.0.1',
      isSecure: false,
      isForwarded: true,
    });
  });
});
