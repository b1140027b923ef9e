import { describe, expect, test, vi } from 'vitest';
import type { LoadedConfig } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/schema/schema.ts';
import { createReloader } from '../../../src/configuration/reloader.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { configOf } from '../../integration/support/server.ts';
import { settle } from '../../support/fake-clock.ts';

const app = { id: '1', key: 'a', secret: 's' };
const faulty: LoadedConfig = {
  kind: 'invalid',
  file: '/etc/soketify.json',
  faults: [{ path: 'apps', message: 'expected an array' }],
  files: ['/etc/soketify.json', '/etc/half'],
};

function loaded(given: Readonly<Record<string, unknown>> = {}): Extract<LoadedConfig, { kind: 'ok' }> {
  return {
    kind: 'ok',
    config: configOf({ apps: [app], ...given }),
    warnings: [],
    overridden: [],
    files: ['/etc/soketify.json'],
  };
}

/** A reloader on fakes: the configuration to load next, and the currently watched files. */
function stage({ watchesAll = false, tls = false } = {}) {
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const taken: (readonly [Config | 'certificate', string])[] = [];
  let watched: { readonly paths: readonly string[]; readonly changed: () => void } | undefined;
  const next: { loaded: LoadedConfig; applied?: Promise<void> } = { loaded: loaded() };
  const { config, files } = loaded();
  const certificate = { certFile: '/etc/cert.pem', keyFile: '/etc/key.pem', passphrase: undefined };
  const reloader = createReloader(files, {
    log: { ...silentLog, ...log },
    load: () => next.loaded,
    configuration: {
      current: tls ? { ...config, tls: certificate } : config,
      takeFile: async (file, cause) => {
        taken.push([file, cause]);
        await next.applied;
      },
      takeCertificate: async (cause) => void taken.push(['certificate', cause]),
    },
    watchFiles: (paths, changed) => {
      watched = { paths, changed };
      return () => {
        watched = undefined;
      };
    },
    watchesAll,
  });
  return { log, taken, next, reloader, watched: () => watched };
}

describe('a reload', () => {
  test('passes on the loaded configuration and the cause', async () => {
    const { reloader, next, taken } = stage();
    const changed = loaded({ apps: [app, { id: '2', key: 'b', secret: 's' }] });
    next.loaded = changed;
    await reloader.reload('SIGHUP');
    expect(taken).toEqual([[changed.config, 'SIGHUP']]);
  });

  test('of a faulty configuration changes nothing, and logs the file and the faults', async () => {
    const { reloader, next, taken, log } = stage();
    next.loaded = faulty;
    await reloader.reload('SIGHUP');
    expect(taken).toEqual([]);
    expect(log.error).toHaveBeenCalledExactlyOnceWith(
      {
        cause: 'SIGHUP',
        file: '/etc/soketify.json',
        faults: [{ path: 'apps', message: 'expected an array' }],
      },
      'configuration not reloaded, the old one stays active',
    );
  });

  test('logs the warnings and overrides of the loaded configuration', async () => {
    const { reloader, next, log } = stage();
    next.loaded = { ...loaded(), warnings: ['something is odd'], overridden: ['the port is another'] };
    await reloader.reload('SIGHUP');
    expect(log.warn).toHaveBeenCalledExactlyOnceWith({}, 'something is odd');
    expect(log.info).toHaveBeenCalledExactlyOnceWith({}, 'the port is another');
  });
});

describe('the files', () => {
  test('of the configuration are not watched by default', () => {
    expect(stage().watched()?.paths).toEqual([]);
  });

  test('of the certificate are watched, and only the certificate is reloaded', async () => {
    const { watched, taken, next } = stage({ tls: true });
    next.loaded = faulty;
    expect(watched()?.paths).toEqual(['/etc/cert.pem', '/etc/key.pem']);
    watched()?.changed();
    await settle();
    expect(taken).toEqual([['certificate', 'certificate changed']]);
  });

  test('are all watched on request, including those that a new or faulty configuration names', async () => {
    const { watched, taken, next } = stage({ watchesAll: true });
    expect(watched()?.paths).toEqual(['/etc/soketify.json']);
    next.loaded = faulty;
    watched()?.changed();
    await settle();
    expect(taken).toEqual([]);
    expect(watched()?.paths).toEqual(faulty.files);
    next.loaded = loaded();
    watched()?.changed();
    await settle();
    expect(taken).toHaveLength(1);
    expect(watched()?.paths).toEqual(['/etc/soketify.json']);
  });

  // What notes a change then would be gone when the watching begins anew, and the change would be lost.
  test('are not watched while the configuration is applied', async () => {
    const { watched, next } = stage({ watchesAll: true });
    let apply = (): void => {};
    next.applied = new Promise((resolve) => (apply = resolve));
    watched()?.changed();
    await settle();
    expect(watched()).toBeUndefined();
    apply();
    await settle();
    expect(watched()?.paths).toEqual(['/etc/soketify.json']);
  });

  test('are no longer watched after a stop', () => {
    const { watched, reloader } = stage({ watchesAll: true });
    reloader.stop();
    expect(watched()).toBeUndefined();
  });
});
