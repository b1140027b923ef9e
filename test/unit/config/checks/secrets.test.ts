import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../../src/config/load.ts';
import { app, configOf, faultsOf, load, type Given, warningsOf } from '../loading.ts';

const { secret: _, ...bare } = app;
const file = '/etc/soketify/config.json';

/** A configuration in /etc/soketify with one app. */
const withApp = (given: object, others: Given['others'] = {}): Given => ({
  file,
  content: { apps: [{ ...bare, ...given }] },
  others,
});

describe('a secret in a file', () => {
  test('is the whole file except line breaks at its end', () => {
    const secretOf = (text: string) =>
      configOf(withApp({ secretFile: 's' }, { '/etc/soketify/s': text })).apps[0]?.secret;
    expect(secretOf('hush')).toBe('hush');
    expect(secretOf('hush\n')).toBe('hush');
    expect(secretOf('hush\r\n\n')).toBe('hush');
    expect(secretOf(' two\nlines \n')).toBe(' two\nlines ');
    expect(secretOf('\ufeffhush')).toBe('hush');
  });

  test('is relative to the folder of the configuration', () => {
    const others = { '/etc/soketify/secrets/a': 'near', '/run/secrets/a': 'far' };
    expect(configOf(withApp({ secretFile: 'secrets/a' }, others)).apps[0]?.secret).toBe('near');
    expect(configOf(withApp({ secretFile: '/run/secrets/a' }, others)).apps[0]?.secret).toBe('far');
  });

  test('is relative to the working directory if the configuration is not in a file', () => {
    const read: string[] = [];
    const readFile = (path: string): string => {
      read.push(path);
      return 'hush';
    };
    const given = { apps: [{ ...bare, secretFile: 'secrets/a' }] };
    loadConfig({ given, env: {}, overrides: {}, readFile });
    expect(read).toEqual([resolve('secrets/a')]);
  });

  test('also works in a further pair', () => {
    const otherKeys = [
      { key: 'b-key', secretFile: 'b' },
      { key: 'c-key', secret: 'c-secret' },
    ];
    const [loaded] = configOf(withApp({ secret: 's', otherKeys }, { '/etc/soketify/b': 'b-secret\n' })).apps;
    expect(loaded?.otherKeys).toStrictEqual([
      { key: 'b-key', secret: 'b-secret' },
      { key: 'c-key', secret: 'c-secret' },
    ]);
  });

  test('leaves no trace of the file in the app', () => {
    const [loaded] = configOf(withApp({ secretFile: 's' }, { '/etc/soketify/s': 'hush' })).apps;
    expect(loaded).not.toHaveProperty('secretFile');
  });

  test('is read once for all pairs that share it', () => {
    let count = 0;
    const otherKeys = [{ key: 'b-key', secretFile: './s' }];
    const text = JSON.stringify({ apps: [{ ...bare, secretFile: 's', otherKeys }] });
    const content = { ...withApp({}), content: text };
    const others = Object.defineProperty({}, '/etc/soketify/s', {
      enumerable: true,
      get: () => {
        count += 1;
        return `secret ${count}`;
      },
    });
    const [loaded] = configOf({ ...content, others }).apps;
    expect(loaded).toMatchObject({ secret: 'secret 1', otherKeys: [{ secret: 'secret 1' }] });
  });

  test.each([
    [{}, 'cannot be read: there is no such file (ENOENT)'],
    [{ '/etc/soketify/s': '' }, 'is empty; expected a secret'],
    [{ '/etc/soketify/s': '\r\n\n' }, 'is empty; expected a secret'],
    [{ '/etc/soketify/s': 'hush\ufffd' }, 'is not UTF-8; expected a secret'],
  ])('that cannot be read is a fault with the path: %j', (others, reason) => {
    expect(faultsOf(withApp({ secretFile: 's' }, others))).toEqual([
      `apps[0].secretFile: "/etc/soketify/s" ${reason}`,
    ]);
  });

  test('is reported as missing in every pair, with all other faults', () => {
    const otherKeys = [{ key: 'b', secretFile: 'x/../gone' }];
    expect(faultsOf(withApp({ secretFile: 's', otherKeys, enabled: 1 }))).toEqual([
      'apps[0].enabled: expected true or false, got 1',
      'apps[0].secretFile: "/etc/soketify/s" cannot be read: there is no such file (ENOENT)',
      'apps[0].otherKeys[0].secretFile: "/etc/soketify/gone" cannot be read: there is no such file (ENOENT)',
    ]);
  });

  test('is named with its full path, even if that is long', () => {
    const secretFile = `/${'folder/'.repeat(30)}s`;
    expect(faultsOf(withApp({ secretFile }))[0]).toContain(`"${secretFile}"`);
  });

  test('counts as well known if it is the default one', () => {
    const content = { host: '0.0.0.0', apps: [{ ...bare, secretFile: '/s' }] };
    const wellKnown = ['the secret of app "1" is the default one, which is public; set another'];
    expect(warningsOf({ content, others: { '/s': 'app-secret\n' } })).toEqual(wellKnown);
    const otherKeys = [{ key: 'b-key', secret: 'app-secret' }];
    const own = { ...app, secret: 'a-secret-of-some-length' };
    expect(warningsOf({ content: { host: '0.0.0.0', apps: [{ ...own, otherKeys }] } })).toEqual(wellKnown);
  });
});

describe('a pair', () => {
  test('has a secret or the file of one', () => {
    expect(faultsOf(withApp({ otherKeys: [{ key: 'b' }] }))).toEqual([
      'apps[0].secret: missing; expected a non-empty string, or secretFile',
      'apps[0].otherKeys[0].secret: missing; expected a non-empty string, or secretFile',
    ]);
  });

  test('does not have both', () => {
    const both = { secret: 's', secretFile: '/gone' };
    expect(faultsOf(withApp({ ...both, otherKeys: [{ key: 'b', ...both }] }))).toEqual([
      'apps[0].secretFile: is given together with secret; give only one of them',
      'apps[0].otherKeys[0].secretFile: is given together with secret; give only one of them',
    ]);
  });
});

describe('SOKETIFY_APP_SECRET_FILE', () => {
  const env = { SOKETIFY_APP_SECRET_FILE: 'run/s' };
  const others = { 'run/s': 'from-env\n', '/etc/soketify/s': 'from-file' };

  test('defines the app, with its own secret', () => {
    const { apps } = configOf({ env: { ...env, NODE_ENV: 'production' }, overrides: { host: '::' }, others });
    expect(apps).toMatchObject([{ id: '1', key: 'app-key', secret: 'from-env' }]);
    expect(configOf({ content: { port: 1 }, env, others }).apps).toMatchObject([{ secret: 'from-env' }]);
  });

  test.each([{ secret: 'given' }, { secretFile: 's' }, { secretFile: '/gone' }, {}])(
    'is relative to the working directory and overrides %j',
    (given) => {
      expect(configOf({ ...withApp(given, others), env }).apps[0]?.secret).toBe('from-env');
    },
  );

  test('leaves further pairs unchanged', () => {
    const otherKeys = [{ key: 'b-key', secretFile: 's' }];
    expect(configOf({ ...withApp({ otherKeys }, others), env }).apps[0]?.otherKeys).toEqual([
      { key: 'b-key', secret: 'from-file' },
    ]);
  });

  test('hides no fault of the value that it overrides', () => {
    const wrong = { ...withApp({ secret: 'given', secretFile: 7 }, others), env };
    expect(faultsOf(wrong)).toEqual([
      'apps[0].secretFile: expected a non-empty string, got the number 7',
      'apps[0].secretFile: is given together with secret; give only one of them',
    ]);
  });

  test('is a fault if the file cannot be read', () => {
    expect(faultsOf({ env })).toEqual([
      `SOKETIFY_APP_SECRET_FILE: "${resolve('run/s')}" cannot be read: there is no such file (ENOENT)`,
    ]);
  });

  test('is a fault together with SOKETIFY_APP_SECRET', () => {
    expect(faultsOf({ env: { ...env, SOKETIFY_APP_SECRET: 's' }, others })).toEqual([
      'SOKETIFY_APP_SECRET_FILE: is set together with SOKETIFY_APP_SECRET; set only one of them',
    ]);
  });

  test('is a fault with several apps in the file', () => {
    const content = { apps: [app, { id: '2', key: 'b-key', secret: 's' }] };
    expect(faultsOf({ content, env, others })).toEqual([
      expect.stringContaining('SOKETIFY_APP_SECRET_FILE: applies to a single app'),
    ]);
  });

  test('counts as unset if it is empty', () => {
    expect(load({ env: { SOKETIFY_APP_SECRET_FILE: '', SOKETIFY_APP_SECRET: 's' } }).kind).toBe('ok');
  });
});

test('SOKETIFY_APP_SECRET overrides a secret file, which is then not read', () => {
  const loaded = load({ ...withApp({ secretFile: '/gone' }), env: { SOKETIFY_APP_SECRET: 'better' } });
  expect(loaded).toMatchObject({ kind: 'ok', config: { apps: [{ secret: 'better' }] }, files: [file] });
});
