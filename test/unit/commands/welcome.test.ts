import { describe, expect, test } from 'vitest';
import { describeStart, formatWelcome } from '../../../src/commands/welcome.ts';
import { app, configOf, withWebhooks } from '../config/loading.ts';

const pusherLine = (options: string, key = 'a-key') =>
  `const pusher = new Pusher('${key}', { cluster: 'default', ${options}, enabledTransports: ['ws', 'wss'] });`;

describe('the welcome', () => {
  test('has the address, the apps, the endpoints and the lines to connect', () => {
    const content = withWebhooks({ id: 'hook', url: 'https://example.com/hook?token=hush' });
    expect(describeStart(configOf({ content }), { port: 6001 })).toEqual({
      port: 6001,
      host: '127.0.0.1',
      url: 'http://127.0.0.1:6001',
      dashboard: 'http://127.0.0.1:6001/dashboard/',
      apps: [{ id: '1', key: 'a-key', endpoints: [{ id: 'hook', url: 'https://example.com/hook' }] }],
      connect: [
        "import Pusher from 'pusher-js';",
        pusherLine("wsHost: '127.0.0.1', wsPort: 6001, forceTLS: false"),
      ],
    });
  });

  test('includes TLS and the path if they are configured', () => {
    const tls = { certFile: '/cert.pem', keyFile: '/key.pem', passphrase: 'hush' };
    const config = { ...configOf({ content: { host: '::', path: '/realtime', apps: [app] } }), tls };
    expect(describeStart(config, { port: 443 })).toMatchObject({
      url: 'https://127.0.0.1:443/realtime',
      connect: [
        expect.any(String),
        pusherLine("wsHost: '127.0.0.1', wssPort: 443, wsPath: '/realtime', forceTLS: true"),
      ],
    });
  });

  test('puts an IPv6 address in brackets, because pusher-js puts the host into a URL', () => {
    const config = configOf({ content: { host: '::1', apps: [app] } });
    expect(describeStart(config, { port: 6001 })).toMatchObject({
      url: 'http://[::1]:6001',
      connect: [expect.any(String), pusherLine("wsHost: '[::1]', wsPort: 6001, forceTLS: false")],
    });
  });

  test('marks a disabled app, and shows how to connect to another', () => {
    const apps = [
      { ...app, enabled: false },
      { id: '2', key: 'b-key', secret: 's' },
    ];
    const config = configOf({ content: { apps } });
    expect(formatWelcome(config, { port: 6001 })).toContain('  app 1, key a-key (disabled)\n');
    expect(formatWelcome(config, { port: 6001 })).toContain("new Pusher('b-key'");
    expect(describeStart(config, { port: 6001 })).toMatchObject({ apps: [{ enabled: false }, { id: '2' }] });
  });

  test('names the Dashboard, wherever it is served, and never a token', () => {
    const token = 'a-token-of-24-characters';
    const beside = configOf({ content: { host: '::', path: '/rt', apps: [app], dashboard: { token } } });
    expect(formatWelcome(beside, { port: 1 })).toContain('Dashboard: http://127.0.0.1:1/rt/dashboard/\n');
    const dashboard = { token, host: '10.0.0.1', port: 7 };
    const apart = configOf({ content: { apps: [app], dashboard } });
    const text = formatWelcome(apart, { port: 1, dashboardPort: 7 });
    expect(text).toContain('Dashboard: http://10.0.0.1:7/dashboard/\n');
    expect(text).not.toContain(token);
    const off = configOf({ content: { apps: [app], dashboard: false } });
    expect(formatWelcome(off, { port: 1 })).not.toContain('Dashboard');
  });

  test('never shows a secret', () => {
    const config = configOf({
      content: { apps: [{ ...app, otherKeys: [{ key: 'k', secret: 'a-secret-too' }] }] },
    });
    expect(
      formatWelcome(config, { port: 1 }) + JSON.stringify(describeStart(config, { port: 1 })),
    ).not.toContain('secret');
  });
});
