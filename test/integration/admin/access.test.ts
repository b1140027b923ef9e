import { describe, expect, test } from 'vitest';
import { Admin, ask, samePage, token, viewToken, type Call, type Headers } from '../support/admin.ts';
import { AdminWorld } from '../support/admin-world.ts';
import { startServer } from '../support/server.ts';
import { pair } from '../support/tls.ts';

const bearer = (sent: string): Headers => ({ authorization: `Bearer ${sent}` });
const full = bearer(token);
const view = bearer(viewToken);
const tokens = { dashboard: { token, viewToken } };
const json = { 'content-type': 'application/json' };
const questions = ['verifySignature'];

const refusedWith = (status: number, code: string) => ({
  status,
  json: { error: { code, message: expect.any(String) as string } },
});

/** Values that are valid in the path of any operation. */
const anywhere = {
  app: '1',
  endpoint: 'main',
  key: 'app-key',
  channel: 'news',
  delivery: 'msg_1',
  socket: '1.1',
  user: '7',
  recovery: 'rec_1',
};

describe('without a token', () => {
  test.each([
    ['of another origin', { origin: 'https://evil.example' }],
    ['embedded elsewhere', { 'sec-fetch-site': 'cross-site' }],
    ['of another port of this machine', { 'sec-fetch-site': 'same-site' }],
    ['in a sandbox', { origin: 'null' }],
  ])('a page %s cannot read or change anything through either API', async (_, headers) => {
    const { server } = await Admin.start();
    for (const prefix of ['/admin', '/dashboard/api']) {
      expect(await ask(server, 'GET', `${prefix}/apps`, { headers })).toMatchObject(
        refusedWith(403, 'ERR_ORIGIN'),
      );
      const sent = { headers: { ...headers, ...json }, body: '{"id":"evil"}' };
      expect(await ask(server, 'POST', `${prefix}/apps`, sent)).toMatchObject(refusedWith(403, 'ERR_ORIGIN'));
      expect(await ask(server, 'GET', `${prefix}/stream`, { headers })).toMatchObject(
        refusedWith(403, 'ERR_ORIGIN'),
      );
    }
    expect(server.configuration.current.apps).toHaveLength(1);
  });

  test.each(['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:6001', '10.0.0.1', '[::2]'])(
    'a page whose name, %s, resolves to this machine gets no access',
    async (host) => {
      const { server } = await Admin.start();
      for (const path of [
        '/admin/apps',
        '/admin/openapi.json',
        '/dashboard/api/apps',
        '/dashboard/session',
      ]) {
        const headers = { ...samePage, host };
        expect(await ask(server, 'GET', path, { headers })).toMatchObject(refusedWith(421, 'ERR_HOST'));
      }
      expect(await ask(server, 'GET', '/admin/stream', { headers: { host } })).toMatchObject({ status: 421 });
      const sent = { headers: { host, ...json }, body: '{}' };
      expect(await ask(server, 'POST', '/admin/apps/1/secrets', sent)).toMatchObject({ status: 421 });
    },
  );

  test.each(['dash.internal', 'DASH.internal:6001'])('an allowed host, %s, is accepted', async (host) => {
    const { server } = await Admin.start({ dashboard: { allowedHosts: ['dash.internal'] } });
    expect(await ask(server, 'GET', '/dashboard/api/self', { headers: { ...samePage, host } })).toMatchObject(
      {
        status: 200,
      },
    );
  });

  test('the API of the page refuses requests that do not identify themselves as the page', async () => {
    const { server } = await Admin.start();
    expect(await ask(server, 'GET', '/dashboard/api/apps')).toMatchObject(refusedWith(403, 'ERR_ORIGIN'));
    const host = `127.0.0.1:${server.port}`;
    const headers = { origin: `http://${host}`, host };
    expect(await ask(server, 'GET', '/dashboard/api/apps', { headers })).toMatchObject({ status: 200 });
    const other = { origin: `http://127.0.0.1:${server.port + 1}`, host };
    expect(await ask(server, 'GET', '/dashboard/api/apps', { headers: other })).toMatchObject({
      status: 403,
    });
  });

  test.each([
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-real-ip',
    'true-client-ip',
    'cf-connecting-ip',
    'forwarded',
    'via',
  ])('a request through a proxy, recognized by %s, is refused', async (name) => {
    const { server } = await Admin.start();
    for (const path of ['/admin/apps', '/dashboard/api/apps']) {
      const headers = { ...samePage, [name]: 'for=203.0.113.7' };
      expect(await ask(server, 'GET', path, { headers })).toMatchObject(refusedWith(403, 'ERR_FORWARDED'));
    }
  });
});

describe('a change', () => {
  test.each([
    ['a form', 'application/x-www-form-urlencoded', 'id=evil'],
    ['a form with parts', 'multipart/form-data; boundary=x', '--x--'],
    ['plain text', 'text/plain', '{"id":"evil"}'],
    ['text that begins like JSON', 'text/plain; application/json', '{"id":"evil"}'],
    ['of no type', '', '{"id":"evil"}'],
  ])('as %s is refused', async (_, type, body) => {
    const { server } = await Admin.start();
    for (const prefix of ['/admin', '/dashboard/api']) {
      const headers = { ...samePage, ...(type !== '' && { 'content-type': type }) };
      expect(await ask(server, 'POST', `${prefix}/apps`, { headers, body })).toMatchObject(
        refusedWith(415, 'ERR_CONTENT_TYPE'),
      );
    }
    expect(server.configuration.current.apps).toHaveLength(1);
  });

  test('is refused with the view token, whatever it is', async () => {
    const world = await AdminWorld.start(tokens, {}, full);
    await world.addOwn();
    const before = await world.admin.get('listApps');
    const changes = world.admin.operations.filter(
      ({ method, id }) => method !== 'GET' && !questions.includes(id),
    );
    expect(changes.length).toBeGreaterThan(20);
    for (const { id } of changes) {
      for (const isPage of [false, true]) {
        const call: Call = { of: anywhere, headers: view, isPage };
        expect({ id, ...(await world.admin.call(id, call)) }).toMatchObject({
          id,
          ...refusedWith(403, 'ERR_ROLE'),
        });
      }
    }
    expect(await world.admin.get('listApps')).toEqual(before);
    expect(world.receiver.requests).toEqual([]);
  });

  test('does not include verifying a signature, which the view token allows', async () => {
    const { admin } = await AdminWorld.start(tokens, {}, view);
    const body = { body: 'a', signature: 'b' };
    expect(await admin.get('verifySignature', { of: { app: '1' }, body })).toMatchObject({
      isGenuine: false,
    });
    expect(await admin.get('readSelf')).toMatchObject({ role: 'view' });
  });
});

describe('with a token', () => {
  test('no operation works without it or with a wrong one', async () => {
    const { admin } = await AdminWorld.start(tokens, {}, full);
    const wrong = [
      '',
      'Bearer ',
      `Bearer ${token}x`,
      `Bearer ${token.slice(1)}`,
      `Basic ${btoa(token)}`,
      token,
    ];
    for (const { id, method } of admin.operations) {
      const response = await admin.call(id, { of: anywhere, headers: { authorization: '' } });
      expect({ id, ...response }).toMatchObject({ id, ...refusedWith(401, 'ERR_TOKEN') });
      expect(response.headers['www-authenticate']).toBe('Bearer');
      if (method !== 'GET') continue;
      for (const authorization of wrong) {
        expect(await admin.call(id, { of: anywhere, headers: { authorization } })).toMatchObject({
          status: 401,
        });
      }
    }
    const query = `token=${token}&access_token=${token}`;
    expect(await ask(admin.server, 'GET', `/admin/self?${query}`)).toMatchObject({ status: 401 });
    for (const path of ['/admin/stream', '/admin/openapi.json', '/dashboard/api/stream']) {
      expect(await ask(admin.server, 'GET', path, { headers: samePage })).toMatchObject({ status: 401 });
    }
  });

  test('a session of the page does not work for the admin API, and ends with the logout', async () => {
    const { server } = await Admin.start(tokens, {}, full);
    const login = await ask(server, 'POST', '/dashboard/login', {
      headers: samePage,
      body: { token: viewToken },
    });
    const cookie = String(login.headers['set-cookie']).split(';', 1).join('');
    expect(login.headers['set-cookie']).toMatch(/; HttpOnly; SameSite=Strict$/);
    const page = { ...samePage, cookie };
    expect(await ask(server, 'GET', '/dashboard/api/self', { headers: page })).toMatchObject({
      status: 200,
      json: { role: 'view' },
    });
    expect(await ask(server, 'GET', '/admin/self', { headers: { cookie } })).toMatchObject({ status: 401 });
    const elsewhere = { cookie, 'sec-fetch-site': 'cross-site' };
    expect(await ask(server, 'GET', '/dashboard/api/self', { headers: elsewhere })).toMatchObject({
      status: 403,
    });
    await ask(server, 'POST', '/dashboard/logout', { headers: page, body: {} });
    expect(await ask(server, 'GET', '/dashboard/api/self', { headers: page })).toMatchObject({ status: 401 });
  });

  test('in production plain HTTP over the network is refused', async () => {
    const overrides = { env: { NODE_ENV: 'production' } };
    const { server } = await Admin.start({ ...tokens, trustedProxies: ['127.0.0.1'] }, overrides, full);
    // Over loopback, nothing leaves the machine.
    expect(await ask(server, 'GET', '/admin/self', { headers: full })).toMatchObject({ status: 200 });
    const proxied = { ...full, 'x-forwarded-for': '203.0.113.7' };
    expect(await ask(server, 'GET', '/admin/self', { headers: proxied })).toMatchObject(
      refusedWith(403, 'ERR_INSECURE'),
    );
    const headers = { ...proxied, 'x-forwarded-proto': 'http' };
    expect(await ask(server, 'GET', '/admin/self', { headers })).toMatchObject({ status: 403 });
    const secure = { ...proxied, 'x-forwarded-proto': 'https' };
    expect(await ask(server, 'GET', '/admin/self', { headers: secure })).toMatchObject({ status: 200 });
    expect(
      await ask(server, 'GET', '/dashboard/api/self', { headers: { ...secure, ...samePage } }),
    ).toMatchObject({
      status: 200,
    });
  });

  test('in production an untrusted proxy cannot claim that a request was encrypted', async () => {
    const { server } = await Admin.start(tokens, { env: { NODE_ENV: 'production' } }, full);
    const headers = { ...full, 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https' };
    expect(await ask(server, 'GET', '/admin/self', { headers })).toMatchObject(
      refusedWith(403, 'ERR_INSECURE'),
    );
  });
});

describe('the place of the Dashboard', () => {
  const paths = [
    '/dashboard',
    '/dashboard/',
    '/dashboard/session',
    '/dashboard/api/self',
    '/dashboard/api/stream',
  ];
  const everywhere = [...paths, '/admin/self', '/admin/apps', '/admin/stream', '/admin/openapi.json'];

  test('is not served if it is off', async () => {
    const server = await startServer({ dashboard: false });
    for (const path of everywhere) {
      expect(await ask(server, 'GET', path, { headers: samePage })).toMatchObject({ status: 404 });
    }
    expect(await ask(server, 'POST', '/admin/apps', { body: {} })).toMatchObject({ status: 404 });
    expect(await ask(server, 'POST', '/dashboard/login', { body: {} })).toMatchObject({ status: 404 });
  });

  test('is not served in production unless it is configured', async () => {
    const server = await startServer({}, { env: { NODE_ENV: 'production' } });
    expect(await ask(server, 'GET', '/admin/self')).toMatchObject({ status: 404 });
  });

  test('is only its own port, if it has one, which serves nothing else', async () => {
    const { server, port } = await Admin.start({ dashboard: { port: 0 }, tls: pair('localhost') });
    expect(port).not.toBe(server.port);
    expect(await ask({ port }, 'GET', '/admin/self')).toMatchObject({ status: 200 });
    for (const path of ['/apps/1/channels', '/metrics', '/healthz']) {
      expect(await ask({ port }, 'GET', path)).toMatchObject({ status: 404 });
    }
    const { server: plain } = await Admin.start({ dashboard: { port: 0 } });
    for (const path of everywhere) expect(await ask(plain, 'GET', path)).toMatchObject({ status: 404 });
  });
});

test('HEAD is a GET without its body and never streams, and OPTIONS allows nothing to other pages', async () => {
  const { server } = await Admin.start();
  expect(await ask(server, 'HEAD', '/admin/self')).toMatchObject({ status: 200, text: '' });
  expect(await ask(server, 'HEAD', '/admin/stream')).toMatchObject({ status: 200, text: '' });
  const headers = { 'sec-fetch-site': 'cross-site' };
  expect(await ask(server, 'HEAD', '/admin/self', { headers })).toMatchObject({ status: 403, text: '' });
  const preflight = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
  for (const path of ['/admin/apps', '/dashboard/api/apps', '/dashboard/login', '/admin/stream']) {
    const response = await ask(server, 'OPTIONS', path, { headers: preflight });
    expect(Object.keys(response.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    const { headers: got } = await ask(server, 'GET', path, { headers: { origin: preflight.origin } });
    expect(got).not.toHaveProperty('access-control-allow-origin');
  }
  expect(await ask(server, 'PUT', '/admin/self', { body: {} })).toMatchObject({ status: 405 });
});

test('responses are not cached and cannot run as content', async () => {
  const { server } = await Admin.start();
  for (const path of ['/admin/self', '/admin/apps/none', '/dashboard/api/self']) {
    const { headers } = await ask(server, 'GET', path, { headers: samePage });
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("default-src 'none'") as string,
      'content-type': 'application/json',
    });
  }
});

test('the view token shows no secret and no value of a header', async () => {
  const world = await AdminWorld.start(tokens, {}, full);
  await world.addOwn();
  const id = await world.delivered();
  await world.admin.get('testEndpoint', {
    of: { app: '1', endpoint: 'main' },
    body: { event: 'cache_miss' },
  });
  const shown: string[] = [];
  for (const { id: operation, method } of world.admin.operations) {
    if (method !== 'GET') continue;
    const of = { ...anywhere, delivery: id };
    shown.push((await world.admin.call(operation, { of, headers: view })).text);
  }
  shown.push((await ask(world.admin, 'GET', '/admin/openapi.json', { headers: view })).text);
  const all = shown.join('\n');
  for (const secret of ['app-secret', 'own-secret', 'of-the-file', 'of-the-api', token, viewToken]) {
    expect(all).not.toContain(secret);
  }
  expect(all).toContain('X-Api-Key');
});
