import { request as httpRequest } from 'undici';
import { describe, expect, test } from 'vitest';
import { ask, errorOf, stage } from '../support/control.ts';
import { startStage } from '../support/emulator.ts';

describe('access to the control API', () => {
  test('does not exist unless it is configured', async () => {
    const { emulator } = await startStage();
    expect((await httpRequest(`${emulator.url}/control/clock`)).statusCode).toBe(404);
  });

  test('with a token, requires it', async () => {
    const { emulator } = await stage({ control: { token: 'open-sesame' } });
    expect(await ask(emulator, 'GET', '/clock')).toMatchObject({ status: 401 });
    const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
    expect(await ask(emulator, 'GET', '/clock', bearer('open-sesam'))).toMatchObject({ status: 401 });
    expect(await ask(emulator, 'GET', '/openapi.json')).toMatchObject({ status: 401 });
    expect(await ask(emulator, 'GET', '/clock', bearer('open-sesame'))).toMatchObject({ status: 200 });
  });

  test.each([
    ['that sends its origin', { origin: 'https://example.com' }],
    ['that embeds an address of it', { 'sec-fetch-site': 'cross-site' }],
    ['of another port of this machine', { 'sec-fetch-site': 'same-site' }],
  ])('without a token, refuses a web page %s', async (_, headers) => {
    const { emulator } = await stage();
    const refused = { status: 403, json: errorOf('ERR_ORIGIN', /need a token/) };
    expect(await ask(emulator, 'GET', '/apps', { headers })).toEqual(refused);
    expect(await ask(emulator, 'GET', '/openapi.json', { headers })).toEqual(refused);
  });

  test.each([
    'evil.example',
    'evil.example:6001',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '10.0.0.1',
  ])('without a token, refuses a page whose name, %s, resolves to this machine', async (host) => {
    const { emulator } = await stage();
    expect(await ask(emulator, 'GET', '/apps', { headers: { host } })).toEqual({
      status: 403,
      json: errorOf('ERR_HOST', /use 127\.0\.0\.1 or localhost, or a token/),
    });
  });

  test.each(['localhost', 'LOCALHOST:80', 'a.localhost:6001', '127.0.0.2', '[::1]:6001'])(
    'without a token, allows requests to this machine as %s',
    async (host) => {
      const { emulator } = await stage();
      const headers = { host, 'sec-fetch-site': 'none' };
      expect(await ask(emulator, 'GET', '/clock', { headers })).toMatchObject({ status: 200 });
    },
  );

  test.each(['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'forwarded', 'via'])(
    'without a token, refuses requests through a proxy, recognized by %s',
    async (name) => {
      const { emulator } = await stage();
      expect(await ask(emulator, 'GET', '/apps', { headers: { [name]: 'for=203.0.113.7' } })).toEqual({
        status: 403,
        json: errorOf('ERR_FORWARDED', /through a proxy need a token/),
      });
    },
  );

  test('returns secrets only with a token', async () => {
    const open = await stage({ apps: [{ secret: 'hush-1' }] });
    await ask(open.emulator, 'POST', '/apps', { body: { id: '2', secret: 'hush-2' } });
    const { json } = await ask(open.emulator, 'GET', '/apps');
    expect(json).toMatchObject({ apps: [{ id: '1', env: { PUSHER_APP_KEY: 'app-key' } }, { id: '2' }] });
    expect(JSON.stringify(json)).not.toContain('hush');
    const { emulator } = await stage({ apps: [{ secret: 'hush-1' }], control: { token: 't' } });
    const headers = { authorization: 'Bearer t', host: 'soketify:6001', via: '1.1 proxy' };
    const added = await ask(emulator, 'POST', '/apps', { headers, body: { id: '2' } });
    const { secret } = added.json as { secret: string };
    expect((await ask(emulator, 'GET', '/apps', { headers })).json).toMatchObject({
      apps: [
        { secret: 'hush-1', env: { SOKETIFY_APP_SECRET: 'hush-1', PUSHER_APP_SECRET: 'hush-1' } },
        { secret, env: { SOKETIFY_APP_SECRET: secret } },
      ],
    });
  });

  test('never reads a file of this machine', async () => {
    const { emulator } = await stage();
    const body = { secret: 's', otherKeys: [{ key: 'k', secretFile: '/etc/hostname' }] };
    expect(await ask(emulator, 'POST', '/apps', { body })).toEqual({
      status: 400,
      json: errorOf(
        'ERR_CONFIG_INVALID',
        /otherKeys\[0\]\.secretFile\n.*files are not read for apps and endpoints that are added/,
      ),
    });
  });
});
