import { describe, expect, test, vi } from 'vitest';
import type { Application } from '../../../src/apps/application.ts';
import type { Config } from '../../../src/config/schema/schema.ts';
import { ConfigurationInForce } from '../../../src/configuration/in-force.ts';
import { findClash, withApp, withoutApp } from '../../../src/configuration/run-time-changes.ts';
import { silentLog, type LogFields } from '../../../src/ports/log.ts';
import { memorySettings } from '../../../src/store/memory/settings.ts';
import { configOf } from '../../integration/support/server.ts';
import { settle } from '../../support/fake-clock.ts';

const app = { id: '1', key: 'a', secret: 'hush' };
const second = { id: '2', key: 'b', secret: 'hush' };
const hook = { id: 'main', url: 'http://127.0.0.1:9/hook' };
const configured = (given: Readonly<Record<string, unknown>> = {}) => configOf({ apps: [app], ...given });
const tls = (name: string) => ({ certFile: `/${name}.cert`, keyFile: `/${name}.key`, passphrase: undefined });

/** The owner of a configuration, and a fake server that records its calls. */
function stage(started: Config = configured()) {
  const lines: string[] = [];
  const recordAt = (level: string) => (fields: LogFields, message: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const served: (readonly Application[])[] = [];
  let shown = started.tls?.certFile;
  const showCertificate = vi.fn(async (files: NonNullable<Config['tls']>) => {
    const isOther = files.certFile !== shown;
    shown = files.certFile;
    return isOther;
  });
  const owner = new ConfigurationInForce({
    started,
    running: {
      refuse: () => undefined,
      serve: async (applications) => void served.push(applications),
      showCertificate,
    },
    log: { ...silentLog, info: recordAt('info'), warn: recordAt('warn'), error: recordAt('error') },
    store: memorySettings,
    env: {},
  });
  /** Reloads, and returns the log of it. */
  const reload = async (file: Config): Promise<string[]> => {
    await owner.takeFile(file, 'test');
    return lines.splice(0);
  };
  const servedIds = () => served.at(-1)?.map(({ id }) => id);
  return { owner, reload, served, servedIds, showCertificate, lines };
}

const nothing = 'info configuration reloaded {"cause":"test","apps":1,"changed":false}';
const needsRestart = (...keys: string[]) => `warn these changes need a restart ${JSON.stringify({ keys })}`;

describe('a key that needs a restart', () => {
  test('is named at each reload until it is active or undone', async () => {
    const { reload } = stage();
    const changed = configured({ logLevel: 'debug' });
    expect(await reload(changed)).toEqual([needsRestart('logLevel'), nothing]);
    expect(await reload(changed)).toEqual([needsRestart('logLevel'), nothing]);
    expect(await reload(configured())).toEqual([nothing]);
  });

  test('is compared with the active configuration and not with an earlier change', async () => {
    const { reload, owner } = stage();
    await reload(configured({ logLevel: 'debug', port: 7000 }));
    expect(await reload(configured({ port: 7000 }))).toEqual([needsRestart('port'), nothing]);
    expect(owner.current).toMatchObject({ port: 0, logLevel: 'info' });
  });

  test('is tls if it is switched on or off', async () => {
    const plain = stage();
    const secured = { ...configured(), tls: tls('one') };
    expect(await plain.reload(secured)).toEqual([needsRestart('tls'), nothing]);
    expect(await plain.reload(secured)).toEqual([needsRestart('tls'), nothing]);
    expect(await plain.reload(configured())).toEqual([nothing]);
    expect(plain.showCertificate).not.toHaveBeenCalled();

    const secure = stage(secured);
    expect(await secure.reload(configured())).toEqual([needsRestart('tls'), nothing]);
    expect(secure.owner.current.tls).toEqual(tls('one'));
    expect(await secure.reload(secured)).toEqual([nothing]);
  });
});

describe('a reload', () => {
  test('logs which apps and endpoints were added, removed and changed, without secrets', async () => {
    const third = { id: '3', key: 'c', secret: 'hush' };
    const { reload } = stage(configured({ apps: [{ ...app, webhooks: [hook] }, second] }));
    const lines = await reload(
      configured({
        apps: [
          { ...app, secret: 'hush too', webhooks: [{ ...hook, headers: { authorization: 'hush' } }] },
          { ...third, webhooks: [hook] },
        ],
      }),
    );
    expect(lines).toEqual([
      `info configuration reloaded ${JSON.stringify({
        cause: 'test',
        apps: 2,
        changed: true,
        appsAdded: ['3'],
        appsRemoved: ['2'],
        appsChanged: ['1'],
        endpointsAdded: ['3/main'],
        endpointsChanged: ['1/main'],
      })}`,
    ]);
    expect(lines.join()).not.toContain('hush');
    expect(await reload(configured({ apps: [third] }))).toEqual([
      expect.stringContaining(
        '"appsRemoved":["1"],"endpointsRemoved":["1/main","3/main"]',
      ) as unknown as string,
    ]);
  });

  test('names only the endpoints of an app if nothing else changed', async () => {
    const { reload } = stage();
    const [line] = await reload(configured({ apps: [{ ...app, webhooks: [hook] }] }));
    expect(line).toContain('"changed":true,"endpointsAdded":["1/main"]}');
  });

  test('ignores the order of apps', async () => {
    const { reload } = stage(configured({ apps: [app, second] }));
    expect((await reload(configured({ apps: [second, app] })))[0]).toContain('"changed":false');
  });

  test('names fifty of a kind and counts the rest', async () => {
    const { reload } = stage();
    const many = Array.from({ length: 60 }, (_, index) => ({ ...app, id: `n${index}`, key: `k${index}` }));
    const [line = ''] = await reload(configured({ apps: [app, ...many] }));
    expect(line).toContain('"n49","and 10 more"]');
  });

  test('logs whether the certificate has changed', async () => {
    const { reload } = stage({ ...configured(), tls: tls('one') });
    expect(await reload({ ...configured(), tls: tls('one') })).toEqual([nothing]);
    const [line] = await reload({ ...configured(), tls: tls('two') });
    expect(line).toContain('"changed":true,"certificateChanged":true}');
  });

  test('with an unusable certificate changes nothing, and the next one is compared with the active configuration', async () => {
    const { reload, showCertificate, served, owner } = stage({ ...configured(), tls: tls('one') });
    showCertificate.mockRejectedValueOnce(new Error('no such certificate'));
    const next = { ...configured({ apps: [app, second] }), tls: tls('two') };
    expect(await reload(next)).toEqual([
      expect.stringMatching(
        /^error configuration not reloaded, the old one stays active /,
      ) as unknown as string,
    ]);
    expect(served).toEqual([]);
    expect(owner.current.apps).toHaveLength(1);
    expect((await reload(next))[0]).toContain('"appsAdded":["2"],"certificateChanged":true}');
  });

  test('waits for the previous one', async () => {
    const { owner, showCertificate, servedIds, served } = stage({ ...configured(), tls: tls('one') });
    let finish = (): void => {};
    showCertificate.mockImplementationOnce(() => new Promise((resolve) => (finish = () => resolve(true))));
    const both = [
      owner.takeFile({ ...configured({ apps: [second] }), tls: tls('two') }, 'test'),
      owner.takeFile({ ...configured({ apps: [app, second] }), tls: tls('two') }, 'test'),
    ];
    await settle();
    expect(served).toEqual([]);
    finish();
    await Promise.all(both);
    expect(servedIds()).toEqual(['1', '2']);
    expect(served).toHaveLength(2);
  });
});

test('a renewed certificate is loaded, and no other change of the file', async () => {
  const { owner, lines, showCertificate } = stage({ ...configured(), tls: tls('one') });
  showCertificate.mockResolvedValueOnce(true);
  await owner.takeCertificate('certificate changed');
  expect(lines).toEqual([
    `info configuration reloaded ${JSON.stringify({
      cause: 'certificate changed',
      apps: 1,
      changed: true,
      certificateChanged: true,
    })}`,
  ]);
});

describe('a change at run time', () => {
  const [added] = configured({ apps: [{ ...second, webhooks: [hook] }] }).apps;
  if (added === undefined) throw new Error('there is one');

  test('is served and logged immediately, and stays when the file is reloaded', async () => {
    const { owner, lines, reload, servedIds } = stage();
    await owner.change((changes) => withApp(changes, added));
    expect(servedIds()).toEqual(['1', '2']);
    expect(lines.splice(0)).toEqual([
      `info configuration changed at run time ${JSON.stringify({
        apps: 2,
        changed: true,
        appsAdded: ['2'],
        endpointsAdded: ['2/main'],
      })}`,
    ]);
    const third = { id: '3', key: 'c', secret: 's' };
    expect((await reload(configured({ apps: [app, third] })))[0]).toContain('"apps":3,"changed":true');
    expect(servedIds()).toEqual(['1', '3', '2']);
    await owner.change((changes) => withoutApp(changes, '2'));
    expect(servedIds()).toEqual(['1', '3']);
  });

  test('does not read the certificate, whose files may be half written', async () => {
    const { owner, showCertificate, servedIds } = stage({ ...configured(), tls: tls('one') });
    await owner.change((changes) => withApp(changes, added));
    expect(showCertificate).not.toHaveBeenCalled();
    expect(servedIds()).toEqual(['1', '2']);
  });

  test('is not served while the file has the same id or key', async () => {
    const { owner, reload, servedIds, served, lines } = stage();
    await owner.change((changes) => withApp(changes, added));
    lines.length = 0;
    const [line] = await reload(configured({ apps: [app, { ...second, secret: 'of the file' }] }));
    expect(line).toContain('"appsChanged":["2"]');
    expect(served.at(-1)?.map(({ secret }) => secret)).toEqual(['hush', 'of the file']);
    await reload(configured({ apps: [{ ...app, otherKeys: [{ key: 'b', secret: 's' }] }] }));
    expect(servedIds()).toEqual(['1']);
    await reload(configured());
    expect(servedIds()).toEqual(['1', '2']);
  });

  test('that removes an app of the file lasts until the file no longer has it', async () => {
    const both = configured({ apps: [app, second] });
    const { owner, reload, servedIds } = stage(both);
    await owner.change((changes) => withoutApp(changes, '2'));
    await reload(both);
    expect(servedIds()).toEqual(['1']);
    await reload(configured());
    await reload(both);
    expect(servedIds()).toEqual(['1', '2']);
  });

  test('is not made if it is refused or if no app would be left', async () => {
    const { owner, reload, served } = stage();
    const refusing = owner.change((_changes, { current }) => {
      throw new Error(`there are ${current.apps.length}`);
    });
    await expect(refusing).rejects.toThrow('there are 1');
    await expect(owner.change((changes) => withoutApp(changes, '1'))).rejects.toThrow('needs at least one');
    expect(served).toEqual([]);
    expect(await reload(configured())).toEqual([nothing]);
  });
});

test('two apps clash by their id and by any of their keys', () => {
  const [one, two, three] = configured({
    apps: [{ ...app, otherKeys: [{ key: 'old', secret: 's' }] }, second, { ...app, id: '3', key: 'c' }],
  }).apps;
  if (one === undefined || two === undefined || three === undefined) throw new Error('there are three');
  expect(findClash(two, [one, three])).toBeUndefined();
  expect(findClash({ ...three, id: '2' }, [one, two])).toBe(two);
  expect(findClash({ ...three, key: 'old' }, [one, two])).toBe(one);
});
