import { describe, expect, test } from 'vitest';
import { connectClient } from '../support/e2e/client.ts';
import { app, otherApp } from '../support/e2e/config.ts';
import { callApi } from '../support/e2e/http.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { startServer } from '../support/e2e/server.ts';
import { Socket } from '../support/e2e/socket.ts';

describe('a program that has started', () => {
  test('logs "listening" once, in JSON, with its port', async () => {
    await using server = await startServer({ apps: [app] });
    expect(server.port).toBeGreaterThan(0);
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    expect(server.log.items.filter(({ msg }) => msg === 'listening')).toHaveLength(1);
  });

  test('logs which values of its file are overridden, and by what', async () => {
    const env = { SOKETIFY_LOG_LEVEL: 'info' };
    await using server = await startServer({ apps: [app], port: 8080, logLevel: 'error' } as never, { env });
    expect(server.log.items.map(({ msg }) => msg)).toEqual([
      'logLevel of the configuration file is overridden by SOKETIFY_LOG_LEVEL: "info" instead of "error"',
      'port of the configuration file is overridden by --port: 0 instead of 8080',
      'listening',
    ]);
  });

  test('answers /healthz with JSON and /livez with 200', async () => {
    await using server = await startServer({ apps: [app] });
    const health = await fetch(`${server.url}/healthz`);
    expect(health.status).toBe(200);
    expect(health.headers.get('content-type')).toContain('application/json');
    expect(await health.json()).toBeTypeOf('object');
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
  });

  test('answers /metrics with text that Prometheus can parse', async () => {
    await using server = await startServer({ apps: [app] });
    await connectClient(server);
    const response = await fetch(`${server.url}/metrics`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = (await response.text()).trimEnd().split('\n');
    expect(lines.some((line) => line.startsWith('# TYPE '))).toBe(true);
    const unreadable = lines.filter((line) => !/^(|# (HELP|TYPE) \S+ .*|[\w:]+(\{.*\})? \S+)$/.test(line));
    expect(unreadable).toEqual([]);
  });

  test('serves the default app when it has no configuration', async () => {
    await using server = await startServer();
    const { subscribe } = await connectClient(server);
    const news = await subscribe('news');
    await sdkFor(server).trigger('news', 'hello', { n: 1 });
    expect(await news.data('hello')).toEqual({ n: 1 });
  });

  test('reads the common settings from the environment', async () => {
    await using hooks = await startReceiver({ secret: otherApp.secret });
    await using server = await startServer(undefined, {
      env: {
        SOKETIFY_APP_ID: otherApp.id,
        SOKETIFY_APP_KEY: otherApp.key,
        SOKETIFY_APP_SECRET: otherApp.secret,
        SOKETIFY_WEBHOOK_URL: hooks.url,
        SOKETIFY_HOST: '127.0.0.1',
      },
    });
    const { subscribe } = await connectClient(server, { app: otherApp });
    await subscribe('news');
    expect(await hooks.namesOf('news', 1)).toEqual(['channel_occupied']);
    expect((await callApi(server, { path: '/apps/2/channels', app: otherApp })).status).toBe(200);
    const socket = new Socket(server);
    expect((await socket.closed).code).toBe(4001);
  });

  test('writes no secret and no payload into its log', async () => {
    await using hooks = await startReceiver();
    const server = await startServer({ apps: [{ ...app, webhooks: [{ url: hooks.url }] }] });
    const { subscribe } = await connectClient(server);
    await subscribe('news');
    await sdkFor(server).trigger('news', 'hello', 'a payload of the application');
    await hooks.eventsOf('news', 1);
    await server.stop();
    const { stdout, stderr } = await server.exit;
    expect(stdout + stderr).not.toContain(app.secret);
    expect(stdout + stderr).not.toContain('a payload of the application');
  });
});

describe('production', () => {
  const env = { NODE_ENV: 'production' };

  test('starts with an endpoint that is not https when that is explicitly allowed', async () => {
    const webhooks = [{ url: 'http://127.0.0.1:9/hook', allowInsecure: true }];
    await using server = await startServer({ apps: [{ ...app, webhooks }] }, { env });
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  test('starts with an endpoint that is https', async () => {
    const webhooks = [{ url: 'https://127.0.0.1:9/hook' }];
    await using server = await startServer({ apps: [{ ...app, webhooks }] }, { env });
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });
});
