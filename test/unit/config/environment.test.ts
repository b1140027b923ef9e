import { describe, expect, test } from 'vitest';
import { app, configOf, faultsOf, load, warningsOf, withWebhooks, type Given } from './loading.ts';

describe('precedence', () => {
  const content = { host: '127.0.0.2', port: 2, logLevel: 'warn', apps: [app] };
  const env = { SOKETIFY_HOST: '127.0.0.3', SOKETIFY_PORT: '3', SOKETIFY_LOG_LEVEL: 'debug' };

  test('the file overrides the default', () => {
    expect(configOf({ content })).toMatchObject({ host: '127.0.0.2', port: 2, logLevel: 'warn' });
  });

  test('the environment overrides the file', () => {
    expect(configOf({ content, env })).toMatchObject({ host: '127.0.0.3', port: 3, logLevel: 'debug' });
  });

  test('the command line overrides the environment', () => {
    const overrides = { host: '127.0.0.4', port: '4' };
    expect(configOf({ content, env, overrides })).toMatchObject({ host: '127.0.0.4', port: 4 });
    expect(configOf({ overrides: { port: 0 } }).port).toBe(0);
  });

  test('an option that is not given changes nothing', () => {
    expect(configOf({ content, overrides: { host: undefined, port: undefined } }).port).toBe(2);
  });

  test('an empty variable counts as unset', () => {
    const empty = { SOKETIFY_HOST: '', SOKETIFY_PORT: '', SOKETIFY_APP_SECRET: '', SOKETIFY_TYPO: '' };
    expect(load({ content, env: empty })).toEqual(load({ content }));
  });

  test('a line break at the end of a variable does not belong to its value', () => {
    const broken = { SOKETIFY_APP_SECRET: 'app-secret\n', SOKETIFY_PORT: '3\r\n', SOKETIFY_HOST: '\n' };
    expect(configOf({ env: broken })).toMatchObject({
      host: '127.0.0.1',
      port: 3,
      apps: [{ secret: 'app-secret' }],
    });
  });

  test('a variable by which Kubernetes describes a Service counts as unset', () => {
    const service = {
      SOKETIFY_SERVICE_HOST: '10.0.0.1',
      SOKETIFY_SERVICE_PORT: '6001',
      SOKETIFY_SERVICE_PORT_CLIENTS: '6001',
      SOKETIFY_PORT: 'tcp://10.0.0.1:6001',
      SOKETIFY_PORT_6001_TCP: 'tcp://10.0.0.1:6001',
      SOKETIFY_PORT_6001_TCP_PROTO: 'tcp',
      SOKETIFY_PORT_6001_TCP_PORT: '6001',
      SOKETIFY_PORT_6001_TCP_ADDR: '10.0.0.1',
      SOKETIFY_REDIS_PORT: 'tcp://10.0.0.2:6379',
      SOKETIFY_REDIS_SERVICE_HOST: '10.0.0.2',
    };
    expect(load({ content, env: service })).toEqual(load({ content }));
  });

  test('a fault names the variable or the option that the value came from', () => {
    expect(faultsOf({ env: { SOKETIFY_PORT: '6001x', SOKETIFY_LOG_LEVEL: 'loud' } })).toEqual([
      'SOKETIFY_PORT: expected a whole number from 0 to 65535, got "6001x"',
      'SOKETIFY_LOG_LEVEL: expected one of trace, debug, info, warn, error, fatal, silent, got "loud"',
    ]);
    expect(faultsOf({ env: { SOKETIFY_PORT: '1' }, overrides: { port: '99999' } })).toEqual([
      '--port: expected a whole number from 0 to 65535, got 99999',
    ]);
    expect(faultsOf({ env: { SOKETIFY_APP_ID: 'a/b', SOKETIFY_WEBHOOK_URL: 'example.com' } })).toEqual([
      expect.stringContaining('SOKETIFY_APP_ID: expected '),
      'SOKETIFY_WEBHOOK_URL: expected an http or https URL such as https://example.com/webhooks, without spaces, user name and password, got "example.com"',
    ]);
  });
});

describe('a value of the file that is overridden', () => {
  const env = { SOKETIFY_PORT: '3', SOKETIFY_APP_ID: '1', SOKETIFY_APP_SECRET: 's' };

  test('is a fault all the same', () => {
    const content = { port: 'x', host: 5, apps: [{ id: 'a/b', key: 'k', secret: '' }] };
    expect(faultsOf({ content, env, overrides: { host: '::1' } })).toEqual([
      'host: expected an IP address or a host name, got the number 5',
      'port: expected a whole number from 0 to 65535, got "x"',
      expect.stringMatching(/^apps\[0\]\.id: expected .*, got "a\/b"$/),
      'apps[0].secret: expected a non-empty string, got an empty string',
    ]);
  });

  test('is reported together with a fault of the overriding value', () => {
    const content = { port: -1, apps: [app] };
    expect(faultsOf({ content, env: { SOKETIFY_PORT: 'x' } })).toEqual([
      'SOKETIFY_PORT: expected a whole number from 0 to 65535, got "x"',
      'port: expected a whole number from 0 to 65535, got -1',
    ]);
  });

  test('may be absent', () => {
    expect(load({ content: { apps: [{ key: 'k' }] }, env }).kind).toBe('ok');
  });
});

describe('the app variables', () => {
  const env = { SOKETIFY_APP_ID: 'shop', SOKETIFY_APP_KEY: 'shop-key', SOKETIFY_APP_SECRET: 'shop-secret' };

  test('define the app if there is no file', () => {
    expect(configOf({ env }).apps).toMatchObject([{ id: 'shop', key: 'shop-key', secret: 'shop-secret' }]);
  });

  test('define the app if the file has none', () => {
    expect(configOf({ content: { port: 1 }, env }).apps).toMatchObject([{ id: 'shop' }]);
    expect(configOf({ content: { apps: [] }, env }).apps).toMatchObject([{ id: 'shop' }]);
  });

  test('a single one replaces a field of the default app', () => {
    expect(configOf({ env: { SOKETIFY_APP_ID: 'shop' } }).apps).toMatchObject([
      { id: 'shop', key: 'app-key', secret: 'app-secret' },
    ]);
  });

  test('replace fields of the single app of the file', () => {
    const content = { apps: [{ ...app, clientEvents: false }] };
    expect(configOf({ content, env: { SOKETIFY_APP_SECRET: 'better' } }).apps).toMatchObject([
      { id: '1', key: 'a-key', secret: 'better', clientEvents: false },
    ]);
  });

  test('supply what the single app of the file lacks', () => {
    expect(configOf({ content: { apps: [{ clientEvents: false }] }, env }).apps).toMatchObject([
      { id: 'shop', key: 'shop-key', secret: 'shop-secret', clientEvents: false },
    ]);
  });

  test('are faults with several apps in the file', () => {
    const content = { apps: [app, { id: '2', key: 'b-key', secret: 'b-secret' }] };
    expect(faultsOf({ content, env: { ...env, SOKETIFY_WEBHOOK_URL: 'http://127.0.0.1/' } })).toEqual(
      ['SOKETIFY_APP_ID', 'SOKETIFY_APP_KEY', 'SOKETIFY_APP_SECRET', 'SOKETIFY_WEBHOOK_URL'].map(
        (name) =>
          `${name}: applies to a single app, but the file has 2 apps; unset it and set the value in the file`,
      ),
    );
  });

  test('SOKETIFY_WEBHOOK_URL adds an endpoint for all six events', () => {
    const url = 'http://127.0.0.1:9000/env';
    expect(configOf({ env: { SOKETIFY_WEBHOOK_URL: url } }).apps[0]?.webhooks).toMatchObject([{ url }]);
    const content = withWebhooks({ url: 'http://127.0.0.1:9000/file', eventTypes: ['cache_miss'] });
    const webhooks = configOf({ content, env: { SOKETIFY_WEBHOOK_URL: url } }).apps[0]?.webhooks;
    expect(webhooks).toMatchObject([{ eventTypes: ['cache_miss'] }, { url }]);
    expect(webhooks?.[1]?.eventTypes).toHaveLength(6);
  });

  test('SOKETIFY_WEBHOOK_URL alone also defines the app if the file has none', () => {
    const url = 'http://127.0.0.1:9000/';
    const { apps } = configOf({ content: { port: 1 }, env: { SOKETIFY_WEBHOOK_URL: url } });
    expect(apps).toMatchObject([{ id: '1', key: 'app-key', webhooks: [{ url }] }]);
  });

  test('SOKETIFY_WEBHOOK_URL does not expose the default app to other machines', () => {
    const only = { SOKETIFY_WEBHOOK_URL: 'http://127.0.0.1:9000/' };
    expect(faultsOf({ content: { host: '0.0.0.0' }, env: only })).toEqual([
      expect.stringContaining('SOKETIFY_APP_SECRET: missing; the default app, whose secret is public'),
    ]);
  });

  test('SOKETIFY_WEBHOOK_URL hides no fault of the webhooks in the file', () => {
    const content = { apps: [{ ...app, webhooks: null }] };
    expect(faultsOf({ content, env: { SOKETIFY_WEBHOOK_URL: 'http://127.0.0.1/' } })).toEqual([
      'apps[0].webhooks: expected an array, got null',
    ]);
  });
});

describe('warnings', () => {
  test('an unknown SOKETIFY_ variable causes one with the nearest name', () => {
    expect(warningsOf({ env: { SOKETIFY_APP_SECRT: 'hush', PATH: '/bin' } })).toEqual([
      'unknown variable "SOKETIFY_APP_SECRT"; did you mean "SOKETIFY_APP_SECRET"?',
    ]);
  });

  test('an unknown variable that resembles none causes one with all names', () => {
    expect(warningsOf({ env: { SOKETIFY_SENTINELS: 'redis://x' } })).toEqual([
      expect.stringContaining('accepted variables: SOKETIFY_APP_ID, SOKETIFY_APP_KEY'),
    ]);
  });

  test('the default secret causes one on a host that others can reach', () => {
    const content = { host: '0.0.0.0', apps: [{ ...app, secret: 'app-secret' }] };
    expect(warningsOf({ content })).toEqual([
      'the secret of app "1" is the default one, which is public; set another',
    ]);
    expect(warningsOf({ content, overrides: { host: '127.0.0.1' } })).toEqual([]);
  });
});

describe('the default app', () => {
  test.each(['127.0.0.1', '127.8.9.10', '::1', '0:0:0:0:0:0:0:1', 'localhost', 'LOCALHOST'])(
    'is served on the loopback host %s',
    (host) => {
      expect(configOf({ overrides: { host } }).host).toBe(host);
    },
  );

  test.each(['0.0.0.0', '::', '192.168.0.1', 'localhost.example.com', '128.0.0.1', 'fe80::1%eth0'])(
    'is not served on the host %s',
    (host) => {
      expect(faultsOf({ overrides: { host } })).toEqual([
        'SOKETIFY_APP_SECRET: missing; the default app, whose secret is public, is not served ' +
          `on the host "${host}". Set SOKETIFY_APP_SECRET, or give a configuration file with "apps", or listen on 127.0.0.1`,
      ]);
    },
  );

  test('is not served in production', () => {
    expect(faultsOf({ env: { NODE_ENV: 'production' } })).toEqual([
      'SOKETIFY_APP_SECRET: missing; the default app, whose secret is public, is not served ' +
        'when NODE_ENV is production. Set SOKETIFY_APP_SECRET, or give a configuration file with "apps"',
    ]);
  });

  test('is not served under another id with the default secret', () => {
    expect(faultsOf({ env: { SOKETIFY_APP_ID: 'shop', SOKETIFY_HOST: '0.0.0.0' } })).toHaveLength(1);
  });

  test('is served anywhere with a secret of its own', () => {
    const env = { SOKETIFY_APP_SECRET: 'own', SOKETIFY_HOST: '0.0.0.0', NODE_ENV: 'production' };
    expect(configOf({ env }).apps).toMatchObject([{ id: '1', secret: 'own' }]);
  });
});

describe('production', () => {
  test('restricts metrics on the port of the clients to this machine, unless the file allows others', () => {
    const env = { NODE_ENV: 'production' };
    const content = { apps: [app] };
    expect(configOf({ content }).publicMetrics).toBe(true);
    expect(configOf({ content, env }).publicMetrics).toBe(false);
    expect(configOf({ content: { ...content, publicMetrics: true }, env }).publicMetrics).toBe(true);
    expect(configOf({ content: { ...content, publicMetrics: false } }).publicMetrics).toBe(false);
  });

  const env = { NODE_ENV: 'production' };
  const url = 'http://hooks.internal/';

  test('an endpoint must use HTTPS', () => {
    expect(faultsOf({ content: withWebhooks({ url }), env })).toEqual([
      'apps[0].webhooks[0].url: must be HTTPS in production, got "http://hooks.internal/"; ' +
        'use https://, or set "allowInsecure": true in the file',
    ]);
    expect(load({ content: withWebhooks({ url: 'https://example.com/' }), env }).kind).toBe('ok');
  });

  test('an endpoint may use HTTP if it allows that', () => {
    expect(load({ content: withWebhooks({ url, allowInsecure: true }), env }).kind).toBe('ok');
  });

  test('an endpoint may use HTTP outside production', () => {
    expect(load({ content: withWebhooks({ url }), env: { NODE_ENV: 'test' } }).kind).toBe('ok');
  });

  test('an endpoint that is set at run time must be public, unless the file allows others', () => {
    const privateAddresses = (webhooks?: Record<string, unknown>) =>
      configOf({ content: { apps: [app], ...(webhooks && { webhooks }) }, env }).webhooks.privateAddresses;
    expect(privateAddresses()).toBe('file');
    expect(privateAddresses({ privateAddresses: 'allow' })).toBe('allow');
    expect(privateAddresses({ privateAddresses: 'refuse' })).toBe('refuse');
  });

  test('the endpoint of the environment must use HTTPS, too', () => {
    const faults = faultsOf({
      env: { ...env, SOKETIFY_APP_SECRET: 's', SOKETIFY_WEBHOOK_URL: 'HTTP://x.example/?t=hush' },
    });
    expect(faults).toEqual([expect.stringContaining('SOKETIFY_WEBHOOK_URL: must be HTTPS in production')]);
    expect(faults.join('')).not.toContain('hush');
  });
});

test.each(['prod', 'Production', 'live '])('NODE_ENV=%s is no production, which a warning says', (mode) => {
  const loaded = load({ content: { apps: [app] }, env: { NODE_ENV: mode } });
  expect(loaded.kind === 'ok' && loaded.warnings).toEqual([
    expect.stringMatching(`NODE_ENV is "${mode}", .* Set it to "production"`),
  ]);
});

describe('the override of a value of the file', () => {
  const overriddenOf = (given: Given) => {
    const loaded = load(given);
    return loaded.kind === 'ok' ? loaded.overridden : loaded.faults;
  };

  test('is reported with both values', () => {
    expect(
      overriddenOf({
        content: { apps: [app], port: 8080, host: '127.0.0.1', logLevel: 'debug' },
        env: { SOKETIFY_PORT: '6001', SOKETIFY_LOG_LEVEL: 'warn' },
        overrides: { host: '127.0.0.2' },
      }),
    ).toEqual([
      'port of the configuration file is overridden by SOKETIFY_PORT: 6001 instead of 8080',
      'logLevel of the configuration file is overridden by SOKETIFY_LOG_LEVEL: "warn" instead of "debug"',
      'host of the configuration file is overridden by --host: "127.0.0.2" instead of "127.0.0.1"',
    ]);
  });

  test('is reported for the app, Redis and the control API, without secrets', () => {
    const { id, key } = app;
    const overridden = overriddenOf({
      content: {
        apps: [{ id, key, secretFile: '/run/secret' }],
        control: { token: 'hush', clock: 'real' },
      },
      env: {
        SOKETIFY_APP_ID: '7',
        SOKETIFY_APP_SECRET: 'hush too',
        SOKETIFY_CONTROL_TOKEN: 'hush as well',
      },
      overrides: { control: 'virtual' },
    });
    expect(overridden).toEqual([
      'control.token of the configuration file is overridden by SOKETIFY_CONTROL_TOKEN',
      'control.clock of the configuration file is overridden by --control: "virtual" instead of "real"',
      'apps[0].id of the configuration file is overridden by SOKETIFY_APP_ID: "7" instead of "1"',
      'apps[0].secretFile of the configuration file is overridden by SOKETIFY_APP_SECRET',
    ]);
    expect(
      overriddenOf({
        content: { apps: [app], redis: { cluster: ['redis://:hush@one:6379'], leaseMs: 5000 } },
        env: { SOKETIFY_REDIS_URL: 'redis://:hush@two:6379' },
      }),
    ).toEqual(['redis.cluster of the configuration file is overridden by SOKETIFY_REDIS_URL']);
  });

  test('is not reported if the values are equal or the file has none', () => {
    expect(
      overriddenOf({
        content: { apps: [app], port: 6001 },
        env: { SOKETIFY_PORT: '6001', SOKETIFY_HOST: 'h' },
      }),
    ).toEqual([]);
    expect(overriddenOf({ env: { SOKETIFY_PORT: '6001' } })).toEqual([]);
  });
});
