import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { app, load } from './loading.ts';

const file = '/etc/soketify/config.json';

describe('the files of a configuration', () => {
  test('are none without a file', () => {
    expect(load()).toMatchObject({ kind: 'ok', files: [] });
  });

  test('are all files that were read, each once, with absolute paths', () => {
    const otherKeys = [
      { key: 'b', secretFile: '../shared' },
      { key: 'c', secretFile: '/etc/shared' },
    ];
    const content = { apps: [{ ...app, otherKeys }] };
    expect(load({ file, content, others: { '/etc/shared': 's' } })).toMatchObject({
      kind: 'ok',
      files: [file, '/etc/shared'],
    });
    expect(load({ content: { apps: [app] } })).toMatchObject({ files: [resolve('soketify.json')] });
  });

  test('are known even if they are faulty, so that a repair is noticed', () => {
    const content = {
      apps: [{ id: '1', key: 'a', secretFile: 'gone' }],
      tls: { certFile: 'cert.pem', keyFile: 'key.pem' },
    };
    const loaded = load({ file, content });
    expect(loaded.kind).toBe('invalid');
    expect(loaded.files.toSorted()).toEqual(
      ['cert.pem', 'config.json', 'gone', 'key.pem'].map((name) => `/etc/soketify/${name}`),
    );
    expect(load({ file, content: '{' })).toMatchObject({ kind: 'invalid', files: [file] });
  });

  test('include that of the environment', () => {
    const env = { SOKETIFY_APP_SECRET_FILE: '/run/s' };
    expect(load({ env, others: { '/run/s': 's' } }).files).toEqual(['/run/s']);
  });
});
