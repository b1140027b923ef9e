import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAccess } from '../../src/dashboard/access.ts';
import { createPageRoutes } from '../../src/dashboard/page-routes.ts';
import { createStaticFiles, gzipOptions } from '../../src/dashboard/static-files.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { startGateway } from './support/gateway.ts';

const token = 'a-token-of-24-characters';
const html = '<!doctype html><title>page</title>';
const samePage = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' };

/** A gateway that serves the page under `/realtime`. */
async function startPage(config: { readonly token?: string } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'soketify-page-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'index.html.br'), brotliCompressSync(html));
  let drawn = 0;
  const access = createAccess({
    config: { token: undefined, viewToken: undefined, allowedHosts: [], ...config },
    isProduction: false,
    clock: new FakeClock(),
    randomBytes: (count) => new Uint8Array(count).fill((drawn += 1)),
  });
  const routes = createPageRoutes({ access, files: createStaticFiles([folder]) });
  const { port } = await startGateway({ path: '/realtime' }, routes);
  return async (method: 'GET' | 'HEAD' | 'POST' | 'PUT', path: string, given: Given = {}) => {
    const { statusCode, headers, body } = await request(`http://127.0.0.1:${port}${path}`, {
      method,
      ...given,
    });
    return { status: statusCode, headers, body: Buffer.from(await body.arrayBuffer()) };
  };
}

interface Given {
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

describe('the page of the Dashboard', () => {
  test.each([
    ['/', '/dashboard/'],
    ['/dashboard', '/dashboard/'],
    ['/realtime/', '/realtime/dashboard/'],
    ['/realtime/dashboard', '/realtime/dashboard/'],
  ])('is served at %s', async (path, page) => {
    const ask = await startPage();
    const { status, headers } = await ask('GET', path);
    expect(status).toBe(303);
    const location = new URL(String(headers['location']), `http://127.0.0.1${path}`).pathname;
    expect(location).toBe(page);
    const answer = await ask('GET', location);
    expect(answer.status).toBe(200);
    expect(answer.body.toString()).toBe(html);
  });

  test('is compressed for browsers that support it, with its length for HEAD', async () => {
    const ask = await startPage();
    const headers = { 'accept-encoding': 'gzip' };
    const { headers: got, body } = await ask('GET', '/dashboard/', { headers });
    expect(got).toMatchObject({
      'content-encoding': 'gzip',
      'content-length': String(gzipSync(html, gzipOptions).length),
      'cache-control': 'no-cache',
      'content-security-policy': expect.stringContaining("default-src 'none'") as string,
    });
    expect(body.equals(gzipSync(html, gzipOptions))).toBe(true);
    const head = await ask('HEAD', '/dashboard/', { headers });
    expect(head).toMatchObject({ status: 200, headers: { 'content-length': got['content-length'] } });
  });

  test('serves only its own files', async () => {
    const ask = await startPage();
    for (const path of ['/dashboard/assets/%2e%2e%2fpackage.json', '/dashboard/assets/x.js'])
      expect((await ask('GET', path)).status).toBe(404);
    expect((await ask('PUT', '/dashboard/session')).status).toBe(405);
  });
});

describe('the login', () => {
  test('starts a session, which the page can read until it logs out', async () => {
    const ask = await startPage({ token });
    const session = (headers: Record<string, string>) => ask('GET', '/dashboard/session', { headers });
    expect(await session(samePage)).toMatchObject({
      status: 401,
      headers: { 'cache-control': 'no-store', 'www-authenticate': 'Bearer' },
    });
    const { status, headers, body } = await ask('POST', '/dashboard/login', {
      headers: samePage,
      body: JSON.stringify({ token }),
    });
    expect({ status, body: body.toString() }).toEqual({ status: 200, body: '{"role":"full"}' });
    const cookie = String(headers['set-cookie']).split(';', 1).join('');
    const known = await session({ ...samePage, cookie });
    expect({ status: known.status, body: known.body.toString() }).toEqual({
      status: 200,
      body: '{"role":"full","needsLogin":true}',
    });
    const out = await ask('POST', '/dashboard/logout', { headers: { ...samePage, cookie } });
    expect(out).toMatchObject({
      status: 200,
      headers: { 'set-cookie': expect.stringContaining('Max-Age=0') as string },
    });
    expect((await session({ ...samePage, cookie })).status).toBe(401);
  });

  test.each(['', '{', '[]', 'null', '{"token":7}', '"text"'])(
    'with the body %j is refused with 400',
    async (body) => {
      const ask = await startPage({ token });
      const answer = await ask('POST', '/dashboard/login', { headers: samePage, body });
      expect(answer.status).toBe(400);
      expect(answer.body.toString()).toContain('ERR_ARGUMENT_INVALID');
    },
  );

  test('is refused with Retry-After after wrong tokens', async () => {
    const ask = await startPage({ token });
    const given = { headers: samePage, body: '{"token":"wrong"}' };
    for (let time = 0; time < 5; time += 1)
      expect((await ask('POST', '/dashboard/login', given)).status).toBe(401);
    const refused = await ask('POST', '/dashboard/login', given);
    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '60' } });
  });

  test('of another page is refused, and that page cannot read the response', async () => {
    const ask = await startPage({ token });
    const headers = { ...samePage, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    const answer = await ask('POST', '/dashboard/login', { headers, body: JSON.stringify({ token }) });
    expect(answer.status).toBe(403);
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });

  test('is not needed if there is no token', async () => {
    const ask = await startPage();
    const answer = await ask('GET', '/dashboard/session', { headers: samePage });
    expect({ status: answer.status, body: answer.body.toString() }).toEqual({
      status: 200,
      body: '{"role":"full","needsLogin":false}',
    });
    const host = { ...samePage, host: 'evil.example' };
    expect((await ask('GET', '/dashboard/session', { headers: host })).status).toBe(421);
  });
});
