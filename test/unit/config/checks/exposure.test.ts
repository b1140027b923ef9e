import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../../../src/config/load.ts';
import { app, load, warningsOf } from '../loading.ts';

const modeOf = () => 0o100644;
const path = resolve('soketify.json');
const secret = 'a-secret-of-some-length';
const pair = { id: '1', key: 'a-key', secretFile: 'secret' };
const others = { secret };
const url = 'https://example.com/';

/** The warnings for a file with this content that every user may read. */
function warningsFor(content: unknown): readonly string[] {
  return warningsOf({ content, others, modeOf });
}

describe('a configuration file that every user of the machine may read', () => {
  test('causes a warning if it contains a secret, with the file, its mode, the path of the secret and what to do', () => {
    const [warning, ...more] = warningsFor({ apps: [{ ...app, otherKeys: [{ key: 'b', secret: 'c' }] }] });
    expect(more).toEqual([]);
    expect(warning).toBe(
      `the configuration file "${path}" is readable by every user of this machine (mode 644) and contains secrets: ` +
        'apps[0].secret and 1 more. Remove that permission (chmod o-r), or keep secrets elsewhere (secretFile, environment variables)',
    );
  });

  test.each([
    ['apps[0].otherKeys[0].secret', { apps: [{ ...pair, otherKeys: [{ key: 'b', secret }] }] }],
    ['control.token', { apps: [pair], control: { token: secret } }],
    [
      'apps[0].webhooks[0].headers.Authorization',
      { apps: [{ ...pair, webhooks: [{ url, headers: { 'X-Extra': '1', Authorization: 'Bearer x' } }] }] },
    ],
    ['redis.url', { apps: [pair], redis: { url: 'redis://:word@127.0.0.1:1' } }],
    ['redis.cluster[1]', { apps: [pair], redis: { cluster: ['redis://a:1', 'redis://u:word@b:1'] } }],
  ])('causes a warning for %s, which is not shown', (where, content) => {
    const warnings = warningsFor(content);
    expect(warnings).toEqual([expect.stringContaining(`and contains secrets: ${where}.`)]);
    expect(warnings.join()).not.toMatch(/a-secret|Bearer|word@/);
  });

  test.each([
    ['only refers to secrets', { apps: [pair] }],
    ['contains only the well-known secret', { apps: [{ id: '1', key: 'app-key', secret: 'app-secret' }] }],
    ['names a Redis without a password', { apps: [pair], redis: { url: 'redis://127.0.0.1:1' } }],
    [
      'has headers that are no credentials',
      { apps: [{ ...pair, webhooks: [{ url, headers: { 'X-Extra': '1' } }] }] },
    ],
  ])('causes no warning if it %s', (_, content) => {
    expect(warningsFor(content)).toEqual([]);
  });

  test('causes no warning if the secret comes from the environment', () => {
    const env = { SOKETIFY_APP_SECRET: secret };
    const content = { apps: [{ id: '1', key: 'a-key' }] };
    expect(warningsOf({ content, env, modeOf })).toEqual([]);
  });
});

describe('a configuration file that only its owner and group may read', () => {
  test.each([0o100600, 0o100640, 0o100660])('causes no warning', (mode) => {
    expect(warningsOf({ content: { apps: [app] }, modeOf: () => mode })).toEqual([]);
  });

  test('causes no warning on systems with other permissions', () => {
    expect(warningsOf({ content: { apps: [app] }, modeOf: () => undefined })).toEqual([]);
  });
});

test.skipIf(process.platform === 'win32')('the permissions are read from the file on disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'soketify-mode-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'soketify.json');
  writeFileSync(file, JSON.stringify({ apps: [app] }));
  const warnings = (mode: number): number => {
    chmodSync(file, mode);
    const loaded = loadConfig({ file, env: {}, overrides: {} });
    return loaded.kind === 'ok' ? loaded.warnings.length : NaN;
  };
  expect([warnings(0o604), warnings(0o640)]).toEqual([1, 0]);
});

describe('a secret below 16 characters', () => {
  const short = { ...app, secret: 'fifteen-letters' };
  const long = { ...app, id: '2', key: 'b-key', secret: 'sixteen-letters!' };

  test.each(['0.0.0.0', '::', '192.0.2.1', 'example.com'])('causes a warning on %s', (host) => {
    expect(warningsOf({ content: { host, apps: [short, long] } })).toEqual([
      'apps[0].secret: has 15 characters, and can be guessed from what it has signed; expected at least 16, such as the output of "openssl rand -hex 32"',
    ]);
  });

  test('of a further key causes a warning', () => {
    const otherKeys = [{ key: 'c-key', secret: 'short' }];
    expect(warningsOf({ content: { host: '::', apps: [{ ...long, otherKeys }] } })).toEqual([
      expect.stringMatching(/^apps\[0\]\.otherKeys\[0\]\.secret: has 5 characters/),
    ]);
  });

  test('in a file causes a warning, too', () => {
    const warnings = warningsOf({ content: { host: '::', apps: [pair] }, others: { secret: 'short' } });
    expect(warnings).toEqual([expect.stringMatching(/^apps\[0\]\.secret: has 5 characters/)]);
  });

  test.each(['127.0.0.1', '::1', 'localhost'])('causes no warning on %s', (host) => {
    expect(warningsOf({ content: { host, apps: [short] } })).toEqual([]);
  });

  test('is not a fault', () => {
    expect(load({ content: { host: '::', apps: [short] } }).kind).toBe('ok');
  });
});
