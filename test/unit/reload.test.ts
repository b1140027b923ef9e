import { describe, expect, test, vi } from 'vitest';
import type { LoadedConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';
import { createReloader } from '../../src/reload.ts';
import { silentLog } from '../../src/ports/log.ts';
import { settle } from '../support/fake-clock.ts';
import { configOf } from '../integration/support/server.ts';

const app = { id: '1', key: 'a', secret: 's' };
const faulty: LoadedConfig = {
  kind: 'invalid',
  faults: [{ path: 'apps', message: 'expected a list' }],
  files: ['/etc/soketify.json', '/etc/half'],
};

function loaded(given: Readonly<Record<string, unknown>> = {}): Extract<LoadedConfig, { kind: 'ok' }> {
  return {
    kind: 'ok',
    config: configOf({ apps: [app], ...given }),
    warnings: [],
    files: ['/etc/soketify.json'],
  };
}

/** A reloader on fakes: what it is told to load next, and the files that it watches at this moment. */
function stage({ watchesAll = false, tls = false } = {}) {
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const applied: Config[] = [];
  let watched: { readonly paths: readonly string[]; readonly changed: () => void } | undefined;
  const next: { loaded: LoadedConfig; failure: Error | undefined } = { loaded: loaded(), failure: undefined };
  const first = loaded();
  const certificate = { certFile: '/etc/cert.pem', keyFile: '/etc/key.pem', passphrase: undefined };
  const config = tls ? { ...first.config, tls: certificate } : first.config;
  const reloader = createReloader(
    { ...first, config },
    {
      log: { ...silentLog, ...log },
      load: () => next.loaded,
      apply: async (applying) => {
        if (next.failure !== undefined) throw next.failure;
        applied.push(applying);
      },
      watchFiles: (paths, changed) => {
        watched = { paths, changed };
        return () => {
          watched = undefined;
        };
      },
      watchesAll,
    },
  );
  return { log, applied, next, config, reloader, watched: () => watched };
}

describe('a reload', () => {
  test('puts into force what was loaded, and says why', async () => {
    const { reloader, next, applied, log } = stage();
    const changed = loaded({ apps: [app, { id: '2', key: 'b', secret: 's' }] });
    next.loaded = changed;
    await reloader.reload('SIGHUP');
    expect(applied).toEqual([changed.config]);
    expect(log.info).toHaveBeenCalledExactlyOnceWith({ cause: 'SIGHUP', apps: 2 }, 'configuration reloaded');
  });

  test('of a faulty configuration changes nothing, and says what is wrong', async () => {
    const { reloader, next, applied, log } = stage();
    next.loaded = faulty;
    await reloader.reload('SIGHUP');
    expect(applied).toEqual([]);
    expect(log.error).toHaveBeenCalledExactlyOnceWith(
      { cause: 'SIGHUP', faults: [{ path: 'apps', message: 'expected a list' }] },
      'configuration not reloaded, the one in force stays',
    );
  });

  test('that cannot be put into force says so, and the next is compared with the one in force', async () => {
    const { reloader, next, log } = stage();
    next.loaded = loaded({ port: 7000 });
    next.failure = new Error('no such certificate');
    await reloader.reload('SIGHUP');
    expect(log.error).toHaveBeenCalledExactlyOnceWith(
      { cause: 'SIGHUP', err: next.failure },
      'configuration not reloaded, the one in force stays',
    );
    expect(log.warn).not.toHaveBeenCalled();
    next.failure = undefined;
    await reloader.reload('SIGHUP');
    expect(log.warn).toHaveBeenCalledExactlyOnceWith({ keys: ['port'] }, 'these changes need a restart');
  });

  test('repeats the warnings of what was loaded', async () => {
    const { reloader, next, log } = stage();
    next.loaded = { ...loaded(), warnings: ['something is odd'] };
    await reloader.reload('SIGHUP');
    expect(log.warn).toHaveBeenCalledExactlyOnceWith({}, 'something is odd');
  });
});

describe('the files', () => {
  test('of the configuration are not watched unless asked', () => {
    expect(stage().watched()?.paths).toEqual([]);
  });

  test('of the certificate are: the configuration in force is put into force again, and nothing else', async () => {
    const { watched, applied, next, config } = stage({ tls: true });
    next.loaded = faulty;
    expect(watched()?.paths).toEqual(['/etc/cert.pem', '/etc/key.pem']);
    watched()?.changed();
    await settle();
    expect(applied).toEqual([config]);
  });

  test('are all watched if asked, also those that were named since, also by a faulty configuration', async () => {
    const { watched, applied, next } = stage({ watchesAll: true });
    expect(watched()?.paths).toEqual(['/etc/soketify.json']);
    next.loaded = faulty;
    watched()?.changed();
    await settle();
    expect(applied).toEqual([]);
    expect(watched()?.paths).toEqual(faulty.files);
    next.loaded = loaded();
    watched()?.changed();
    await settle();
    expect(applied).toHaveLength(1);
    expect(watched()?.paths).toEqual(['/etc/soketify.json']);
  });

  test('are watched no more when it stops', () => {
    const { watched, reloader } = stage({ watchesAll: true });
    reloader.stop();
    expect(watched()).toBeUndefined();
  });
});
