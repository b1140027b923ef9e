import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { app } from '../support/e2e/config.ts';
import { launch, runProgram, runWithConfig, startServer } from '../support/e2e/server.ts';

describe.concurrent('a configuration with errors', () => {
  test('exits with 2 and names every error by its path with the nearest valid key', async () => {
    const { code, stdout, stderr } = await runWithConfig({
      apps: [{ id: '1', key: 'app-key', secrett: 'app-secret' }],
      webhoks: { requestTimeoutMs: 1000 },
      webhooks: { disconnectGraceMs: -1, retry: { initalDelayMs: 5 } },
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/apps(\.0|\[0\])\.secrett/);
    expect(stderr).toMatch(/apps(\.0|\[0\])\.secret\b/);
    expect(stderr).toMatch(/\bwebhoks\b.*\bwebhooks\b/);
    expect(stderr).toMatch(/webhooks\.disconnectGraceMs/);
    expect(stderr).toMatch(/webhooks\.retry\.initalDelayMs[^]*\binitialDelayMs\b/);
    expect(stdout).not.toContain('listening');
  });

  const faulty: readonly [what: string, config: unknown, names: RegExp][] = [
    ['is not JSON', '{ "apps": [', /JSON/i],
    ['is not an object', '[]', /object/i],
    ['is empty', '', /JSON/i],
    ['has no apps', {}, /\bapps\b/],
    ['has an app without a secret', { apps: [{ id: '1', key: 'k' }] }, /apps(\.0|\[0\])\.secret\b/],
    ['has two apps with one key', { apps: [app, { ...app, id: '2' }] }, /apps(\.1|\[1\])/],
    ['has two apps with one id', { apps: [app, { ...app, key: 'k2' }] }, /apps(\.1|\[1\])/],
    ['has an unknown event type', withEndpoint({ eventTypes: ['channel_ocupied'] }), /channel_occupied/],
    ['has an endpoint that is not a URL', withEndpoint({ url: 'nowhere' }), /webhooks(\.0|\[0\])\.url/],
    ['has an endpoint that is not http', withEndpoint({ url: 'ftp://h/' }), /webhooks(\.0|\[0\])\.url/],
    [
      'has a header that the server sets itself',
      withEndpoint({ headers: { 'X-Pusher-Signature': 'x' } }),
      /X-Pusher-Signature/i,
    ],
    ['has a content type', withEndpoint({ headers: { 'content-type': 'text/plain' } }), /content-type/i],
    ['has a ping time-out below a second', { apps: [app], activityTimeoutMs: 999 }, /activityTimeoutMs/],
    ['has a pong time-out below a second', { apps: [app], pongTimeoutMs: 10 }, /pongTimeoutMs/],
  ];
  test.each(faulty)('exits with 2 when it %s', async (_, config, names) => {
    const { code, stdout, stderr } = await runWithConfig(config);
    expect(stderr).toMatch(names);
    expect(code).toBe(2);
    expect(stdout).not.toContain('listening');
    expect(stderr).not.toContain('app-secret');
  });

  test.each([{ port: 65_536 }, { port: '6001' }, { port: -1 }])(
    'exits with 2 when it has an invalid port: %j',
    async ({ port }) => {
      const { code, stderr } = await runWithConfig({ apps: [app], port }, { args: [] });
      expect(stderr).toMatch(/\bport\b/);
      expect(code).toBe(2);
    },
  );

  test('exits with 2 when its file is missing', async () => {
    const { code, stderr } = await runProgram(['--config', '/nowhere/soketify.json', '--port', '0']);
    expect(code).toBe(2);
    expect(stderr).toContain('/nowhere/soketify.json');
  });

  test('exits with 2 in production when an endpoint is not https', async () => {
    const config = withEndpoint({ url: 'http://hooks.example/soketify' });
    const { code, stderr } = await runWithConfig(config, { env: { NODE_ENV: 'production' } });
    expect(code).toBe(2);
    expect(stderr).toMatch(/webhooks(\.0|\[0\])\.url/);
    expect(stderr).toContain('must be HTTPS in production');
  });

  function withEndpoint(endpoint: Record<string, unknown>) {
    return { apps: [{ ...app, webhooks: [{ url: 'http://127.0.0.1:9/', ...endpoint }] }] };
  }
});

describe.concurrent('the default app', () => {
  test('is rejected in production', async () => {
    const { code, stderr } = await runProgram(['--port', '0'], { NODE_ENV: 'production' });
    expect(code).toBe(2);
    expect(stderr).toContain('SOKETIFY_APP_SECRET');
  });

  test('is rejected on an address that is not loopback', async () => {
    const { code, stderr } = await runProgram(['--host', '0.0.0.0', '--port', '0']);
    expect(code).toBe(2);
    expect(stderr).toContain('SOKETIFY_APP_SECRET');
  });
});

describe('a port that is taken', () => {
  test('makes a second instance exit with 1 and leaves the first alone', async () => {
    await using first = await startServer({ apps: [app] });
    const { code, stdout, stderr } = await runWithConfig(
      { apps: [app] },
      { args: ['--port', `${first.port}`] },
    );
    expect(code).toBe(1);
    expect(stdout + stderr).toContain(String(first.port));
    expect(stdout).not.toContain('listening"');
    expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
  });
});

/** Starts the program, and sends it a signal while it waits for Redis, for five seconds at most. */
async function signalDuringStart(signal: NodeJS.Signals) {
  const redis = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      child.kill(signal);
      socket.write('nonsense\r\n');
    });
  });
  redis.listen(0, '127.0.0.1');
  await once(redis, 'listening');
  onTestFinished(() => void redis.close());
  const { port } = redis.address() as AddressInfo;
  const { child, exit } = launch(['--port', '0'], { SOKETIFY_REDIS_URL: `redis://127.0.0.1:${port}` });
  return exit;
}

test('SIGHUP during the start does not end the program', async () => {
  const { code, stderr } = await signalDuringStart('SIGHUP');
  expect(stderr).toContain('ERR_REDIS');
  expect(code).toBe(1);
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s during the start ends it with 0', async (signal) => {
  expect(await signalDuringStart(signal)).toMatchObject({ code: 0, stderr: '' });
});

describe.concurrent('the command line', () => {
  test.each(['65536', '-1', 'x', ''])('rejects the port %j with 2', async (port) => {
    const { code, stderr } = await runProgram(['--port', port]);
    expect(stderr).toMatch(/\bport\b/);
    expect(code).toBe(2);
  });

  test('rejects unknown options and lists the known ones', async () => {
    const unknown = await runProgram(['--prot', '0']);
    expect(unknown.code).not.toBe(0);
    expect(unknown.stderr).toContain('--port');
    const help = await runProgram(['--help']);
    expect(help.code).toBe(0);
    expect(help.stdout).toContain('--config');
  });
});
