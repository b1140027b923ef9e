import { describe, expect, test } from 'vitest';
import { maskConfig } from '../../../../src/config/mask-config.ts';
import { app, configOf, faultsOf, load, warningsOf, type Given } from '../loading.ts';

const token = 'a-token-of-24-characters';
const viewToken = 'another-token-to-look-at';
const production = { NODE_ENV: 'production' };
const defaults = {
  token: undefined,
  viewToken: undefined,
  host: undefined,
  port: undefined,
  allowedHosts: [],
  payloads: true,
  historyBytes: 16 * 1024 * 1024,
};

const withDashboard = (dashboard: unknown, rest: object = {}): Given => ({
  content: { apps: [app], dashboard, ...rest },
});

describe('the Dashboard', () => {
  test('is served to this machine by default', () => {
    expect(configOf(withDashboard(undefined)).dashboard).toEqual(defaults);
    expect(configOf(withDashboard(true)).dashboard).toEqual(defaults);
    expect(configOf(withDashboard({})).dashboard).toEqual(defaults);
  });

  test.each([
    ['if other machines can reach it', withDashboard(undefined, { host: '0.0.0.0' })],
    ['in production', { ...withDashboard(undefined), env: production }],
    ['if it is false', withDashboard(false)],
    ['if it is false, whatever the host', withDashboard(false, { host: '0.0.0.0' })],
  ])('is off %s', (_, given) => {
    expect(configOf(given).dashboard).toBeUndefined();
  });

  test('is served anywhere with a token', () => {
    const given = withDashboard({ token, viewToken }, { host: '0.0.0.0' });
    expect(configOf(given).dashboard).toEqual({ ...defaults, token, viewToken });
    expect(configOf({ ...given, env: production }).dashboard).toMatchObject({ token, viewToken });
  });

  test.each([true, {}, { port: 9700 }])(
    'is a fault without a token if other machines can reach it: %j',
    (dashboard) => {
      expect(faultsOf(withDashboard(dashboard, { host: '0.0.0.0' }))).toEqual([
        'dashboard.token: missing; on the host "0.0.0.0" other machines can reach the Dashboard. Give token or tokenFile, listen on 127.0.0.1, or give dashboard.port and the dashboard.host 127.0.0.1',
      ]);
    },
  );

  test.each([true, {}, { port: 9700, host: '127.0.0.1' }])(
    'is a fault without a token in production: %j',
    (dashboard) => {
      expect(faultsOf({ ...withDashboard(dashboard), env: production })).toEqual([
        'dashboard.token: missing; when NODE_ENV is production the Dashboard requires a token. Give token or tokenFile, or leave dashboard out',
      ]);
    },
  );

  test('may have its own port, on the host of the server unless it has its own', () => {
    const own = (dashboard: object, host = '127.0.0.2') => {
      const resolved = configOf(withDashboard(dashboard, { host })).dashboard;
      return { host: resolved?.host, port: resolved?.port };
    };
    expect(own({ port: 9700 })).toEqual({ host: '127.0.0.2', port: 9700 });
    expect(own({ port: 0, host: '127.0.0.3' })).toEqual({ host: '127.0.0.3', port: 0 });
    expect(own({ port: 9700, host: '127.0.0.1' }, '0.0.0.0')).toEqual({ host: '127.0.0.1', port: 9700 });
    expect(own({ port: 9700, host: '0.0.0.0', token })).toEqual({ host: '0.0.0.0', port: 9700 });
  });

  test.each([
    [
      { port: 6001 },
      {},
      'dashboard.port: 6001 is also the port of the server; give the Dashboard another port, or 0 for a free one',
    ],
    [
      { port: 9601 },
      { metrics: { port: 9601 } },
      'dashboard.port: 9601 is also the port of metrics; give the Dashboard another port, or 0 for a free one',
    ],
    [
      { host: '127.0.0.1' },
      {},
      'dashboard.host: is given without dashboard.port; give both, or leave both out to serve the Dashboard on the main port',
    ],
  ])('at %j together with %j is a fault', (dashboard, rest, fault) => {
    expect(faultsOf(withDashboard(dashboard, rest))).toEqual([fault]);
  });

  test('may have the number of another port on another host', () => {
    const metrics = { host: '127.0.0.2', port: 9601 };
    expect(load(withDashboard({ host: '127.0.0.3', port: 9601 }, { metrics })).kind).toBe('ok');
  });

  test.each([
    ['yes', 'dashboard: expected true, false or an object, got "yes"'],
    [{ tokn: token }, 'dashboard.tokn: unknown key "tokn"; did you mean "token"?'],
    [{ payloads: 1 }, 'dashboard.payloads: expected true or false, got 1'],
    [
      { historyBytes: 1000 },
      'dashboard.historyBytes: expected a whole number from 65536 to 1073741824, got 1000',
    ],
    [
      { allowedHosts: ['https://example.com'] },
      'dashboard.allowedHosts[0]: expected an IP address or a host name, got "https://example.com"',
    ],
  ])('%j is a fault', (dashboard, fault) => {
    expect(faultsOf(withDashboard(dashboard))).toEqual([fault]);
  });
});

describe('a token of the Dashboard', () => {
  const expected =
    'expected at least 16 visible ASCII characters, such as the output of "openssl rand -hex 32"';

  test.each(['fifteen-letters', 'with a space in it', 'with-ümlauts-in-it', 7])(
    'cannot be %j, which is not shown',
    (wrong) => {
      const got = typeof wrong === 'number' ? 'a number' : 'a string (not shown)';
      expect(faultsOf(withDashboard({ token: wrong }))).toEqual([`dashboard.token: ${expected}, got ${got}`]);
      expect(faultsOf(withDashboard({ token, viewToken: wrong }))).toEqual([
        `dashboard.viewToken: ${expected}, got ${got}`,
      ]);
    },
  );

  test('to view needs one to change', () => {
    expect(faultsOf(withDashboard({ viewToken }))).toEqual([
      'dashboard.viewToken: is given without dashboard.token; give both, or leave it out',
    ]);
  });

  test('to view must differ from the one to change, wherever they are given', () => {
    const others = { one: `${token}\n`, other: token };
    const message =
      'is the same as dashboard.token; give a different one, because a view token must not allow changes';
    expect(faultsOf(withDashboard({ token, viewToken: token }))).toEqual([`dashboard.viewToken: ${message}`]);
    expect(faultsOf({ ...withDashboard({ tokenFile: 'one', viewTokenFile: 'other' }), others })).toEqual([
      `dashboard.viewTokenFile: ${message}`,
    ]);
  });

  test('may be given in a file', () => {
    const given = withDashboard({ tokenFile: 'full', viewTokenFile: 'view' }, { host: '0.0.0.0' });
    const others = { full: `${token}\n`, view: viewToken };
    const { dashboard } = configOf({ ...given, others });
    expect(dashboard).toEqual({ ...defaults, token, viewToken });
  });

  test('in a file is checked as well, and not shown', () => {
    const of = (text: string) =>
      faultsOf({ ...withDashboard({ tokenFile: '/run/token' }), others: { '/run/token': text } });
    expect(of('short')).toEqual([`dashboard.tokenFile: "/run/token" contains no token; ${expected}`]);
    expect(of('')).toEqual(['dashboard.tokenFile: "/run/token" is empty; expected a secret']);
    expect(of('REPLACE-ME-with-a-token')).toEqual([
      expect.stringMatching(/^dashboard\.tokenFile: is still a placeholder; expected a random secret/),
    ]);
    expect(faultsOf(withDashboard({ tokenFile: '/run/token' }))).toEqual([
      'dashboard.tokenFile: "/run/token" cannot be read: there is no such file (ENOENT)',
    ]);
  });

  test('must be given only once', () => {
    const others = { full: token };
    expect(faultsOf({ ...withDashboard({ token, tokenFile: 'full' }), others })).toEqual([
      'dashboard.tokenFile: is given together with token; give only one of them',
    ]);
  });

  test('cannot be a placeholder', () => {
    const dashboard = { token: 'REPLACE-ME-with-a-token', viewToken: 'change-me-change-me' };
    expect(faultsOf(withDashboard(dashboard))).toEqual([
      expect.stringMatching(/^dashboard\.token: is still a placeholder/),
      expect.stringMatching(/^dashboard\.viewToken: is still a placeholder/),
    ]);
  });

  test('of the environment overrides that of the file, and enables the Dashboard', () => {
    const env = { SOKETIFY_DASHBOARD_TOKEN: token, SOKETIFY_DASHBOARD_VIEW_TOKEN: viewToken };
    expect(configOf({ env }).dashboard).toEqual({ ...defaults, token, viewToken });
    const file = withDashboard({ tokenFile: 'missing', viewToken: 'of-the-file-itself', payloads: false });
    expect(configOf({ ...file, env }).dashboard).toEqual({
      ...defaults,
      token,
      viewToken,
      payloads: false,
    });
    const off = load({ ...withDashboard(false), env });
    expect(off).toMatchObject({
      kind: 'ok',
      config: { dashboard: { token } },
      overridden: ['dashboard of the configuration file is overridden by SOKETIFY_DASHBOARD_TOKEN'],
    });
  });

  test('of the environment is named in its faults', () => {
    expect(faultsOf({ env: { SOKETIFY_DASHBOARD_TOKEN: 'short' } })).toEqual([
      `SOKETIFY_DASHBOARD_TOKEN: ${expected}, got a string (not shown)`,
    ]);
    expect(faultsOf({ env: { SOKETIFY_DASHBOARD_VIEW_TOKEN: viewToken } })).toEqual([
      'SOKETIFY_DASHBOARD_VIEW_TOKEN: is given without dashboard.token; give both, or leave it out',
    ]);
  });

  test('is masked', () => {
    const shown = maskConfig(configOf(withDashboard({ token, viewToken })));
    expect(shown).toMatchObject({ dashboard: { token: '********', viewToken: '********' } });
    expect(JSON.stringify(shown)).not.toContain('token-');
  });

  test('that every user of the machine may read causes a warning', () => {
    const modeOf = () => 0o100644;
    const content = { apps: [{ id: '1', key: 'k', secretFile: 's' }], dashboard: { token, viewToken } };
    const [warning] = warningsOf({ content, others: { s: 'a-secret-of-some-length' }, modeOf });
    expect(warning).toContain('and contains secrets: dashboard.token and 1 more.');
    expect(warning).not.toContain(token);
  });
});

describe('a Dashboard that cannot be used from other machines', () => {
  const warnings = (dashboard: object, rest: object) =>
    warningsOf({ ...withDashboard({ token, ...dashboard }, rest), env: production }).filter((line) =>
      line.startsWith('dashboard'),
    );
  const reason = 'dashboard: when NODE_ENV is production only this machine can use it, because';
  const long = { apps: [{ ...app, secret: 'a-secret-of-some-length' }] };

  test('in production causes a warning', () => {
    expect(warnings({}, { ...long, host: '0.0.0.0' })).toEqual([
      `${reason} neither tls nor trustedProxies is given`,
    ]);
    expect(warnings({ port: 9700, host: '0.0.0.0' }, long)).toEqual([
      `${reason} its own port speaks plain HTTP, and trustedProxies is not given`,
    ]);
  });

  test('causes no warning on loopback, or behind a trusted proxy', () => {
    expect(warnings({}, long)).toEqual([]);
    expect(warnings({ port: 9700, host: '127.0.0.1' }, { ...long, host: '0.0.0.0' })).toEqual([]);
    expect(warnings({}, { ...long, host: '0.0.0.0', trustedProxies: ['10.0.0.0/8'] })).toEqual([]);
  });
});
