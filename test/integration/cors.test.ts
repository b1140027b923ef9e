import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import { tooManyRequests } from '../../src/protocol/http-error.ts';
import { refusal } from '../../src/transport/http-message.ts';
import { startGateway } from './support/gateway.ts';
import { startServer } from './support/server.ts';

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'OPTIONS';

async function ask({ port }: { port: number }, method: Method, path: string, headers = {}) {
  const answer = await request(`http://127.0.0.1:${port}${path}`, { method, headers });
  return { status: answer.statusCode, headers: answer.headers, body: await answer.body.text() };
}

const origin = 'https://a.example';
const readable = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'X-Request-Id, Retry-After',
};

describe('a response to a page', () => {
  test.each([
    ['GET', '/livez', 200],
    ['HEAD', '/livez', 200],
    ['GET', '/apps/1/channels', 401],
    ['GET', '/none', 404],
    ['PUT', '/apps/1/events', 405],
    ['OPTIONS', '/none', 404],
    ['OPTIONS', '/apps/1/events', 204],
  ] as const)('%s %s may be read by it', async (method, path, status) => {
    const answer = await ask(await startServer(), method, path, { origin });
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject(readable);
  });

  test('allows that only for pages', async () => {
    const server = await startServer();
    for (const path of ['/livez', '/none']) {
      const { headers } = await ask(server, 'GET', path);
      for (const name of Object.keys(readable)) expect(headers).not.toHaveProperty(name);
    }
  });
});

describe('what only operators read', () => {
  test.each([
    ['GET', '/metrics', 200],
    ['GET', '/healthz', 200],
    ['PUT', '/metrics', 405],
    ['OPTIONS', '/metrics', 204],
    ['OPTIONS', '/healthz', 204],
  ] as const)('%s %s may be read by no page', async (method, path, status) => {
    for (const prefix of ['', '/realtime']) {
      const server = await startServer({ path: '/realtime' });
      const answer = await ask(server, method, prefix + path, { origin });
      expect(answer.status).toBe(status);
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });
});

describe('OPTIONS', () => {
  const preflight = { origin, 'access-control-request-method': 'POST' };

  test.each([
    ['/apps/1/events', 'POST, OPTIONS'],
    ['/apps/1/channels/a', 'GET, HEAD, OPTIONS'],
    ['/livez', 'GET, HEAD, OPTIONS'],
  ])('of %s returns the accepted methods', async (path, allow) => {
    const { status, headers, body } = await ask(await startServer(), 'OPTIONS', path);
    expect({ status, allow: headers['allow'], body }).toEqual({ status: 204, allow, body: '' });
    expect(headers).not.toHaveProperty('content-length');
    expect(headers).not.toHaveProperty('content-type');
    expect(headers).not.toHaveProperty('access-control-allow-methods');
  });

  test('of a preflight request allows the headers that it names', async () => {
    const wanted = { ...preflight, 'access-control-request-headers': 'authorization, x-request-id' };
    const { status, headers } = await ask(await startServer(), 'OPTIONS', '/apps/1/events', wanted);
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      ...readable,
      'access-control-allow-methods': 'POST, OPTIONS',
      'access-control-allow-headers': 'authorization, x-request-id',
      'access-control-max-age': '86400',
    });
  });

  test('of a preflight request without headers allows all', async () => {
    const { headers } = await ask(await startServer(), 'OPTIONS', '/livez', preflight);
    expect(headers['access-control-allow-headers']).toBe('*, Authorization');
  });
});

test('a response to a request above the rate shows the page when to retry', async () => {
  const server = await startGateway({}, [
    { method: 'get', pattern: '/busy', handle: () => refusal(tooManyRequests('Too many', 1.2)) },
  ]);
  const answer = await ask(server, 'GET', '/busy', { origin });
  expect(answer).toMatchObject({ status: 429, body: 'Too many', headers: { 'retry-after': '2' } });
});
