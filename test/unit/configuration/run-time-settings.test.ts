import { describe, expect, test } from 'vitest';
import { ChangeError } from '../../../src/configuration/change-error.ts';
import { ConfigurationInForce } from '../../../src/configuration/in-force.ts';
import { RunTimeSettings } from '../../../src/configuration/run-time-settings.ts';
import type { Env } from '../../../src/config/environment.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { memorySettings } from '../../../src/store/memory/settings.ts';
import { randomNames } from '../../../src/system/fresh-names.ts';
import { configOf } from '../../integration/support/server.ts';

const url = 'https://hook.example/';
const production = { NODE_ENV: 'production' };

function stage({ env = {}, redis = false }: { readonly env?: Env; readonly redis?: boolean } = {}) {
  const started = configOf({
    apps: [{ id: '1', key: 'a', secret: 's', webhooks: [{ id: 'main', url }] }],
    ...(redis && { redis: { url: 'redis://127.0.0.1' } }),
  });
  const configuration = new ConfigurationInForce({
    started,
    running: { refuse: () => undefined, serve: async () => {}, showCertificate: async () => false },
    log: silentLog,
    store: memorySettings,
    env,
  });
  const settings = new RunTimeSettings({ configuration, names: randomNames, wallTime: { now: () => 7 } });
  return { configuration, settings };
}

/** The faults of a refusal, as lines. */
async function faultsOf(made: Promise<unknown>): Promise<readonly string[]> {
  const error: unknown = await made.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ChangeError)) throw new Error('it was not refused');
  expect(error.code).toBe('invalid');
  return error.faults.map(({ path, message }) => `${path}: ${message}`);
}

describe('an endpoint', () => {
  test('has the defaults of the file, and a unique id', async () => {
    const { settings, configuration } = stage();
    const [one, two] = [await settings.addEndpoint('1', { url }), await settings.addEndpoint('1', { url })];
    expect(one).toMatchObject({ enabled: true, isSetAtRunTime: true, channels: { startsWith: '' } });
    expect(one.eventTypes).toHaveLength(6);
    expect([one.id, two.id]).toEqual([
      expect.stringMatching(/^[0-9a-f]{12}-1$/),
      one.id.replace(/-1$/, '-2'),
    ]);
    expect(configuration.current.apps[0]?.webhooks.map(({ id }) => id)).toEqual(['main', one.id, two.id]);
  });

  test.each<readonly [unknown, string]>([
    [undefined, "endpoint: expected an object such as { url: 'http://127.0.0.1:9000/' }, got nothing"],
    ['https://x/', "endpoint: expected an object such as { url: 'http://127.0.0.1:9000/' }, got a string"],
    [{}, 'url: missing; '],
    [{ url: 'ftp://x/' }, 'url: '],
    [{ url: 'https://REPLACE-ME/' }, 'url: is still a placeholder'],
    [{ url, headers: { 'Content-Type': 'x' } }, 'headers["Content-Type"]: '],
    [{ url, eventTypes: [] }, 'eventTypes: expected at least one of'],
    [{ url, eventTypes: ['member_aded'] }, 'eventTypes[0]: '],
    [{ url, colour: 'red' }, 'colour: unknown key "colour"'],
    [{ url, id: 'a b' }, 'id: '],
    [{ url, allowInsecure: true }, 'allowInsecure: is not accepted at run time'],
  ])('%j is refused by its path in the input', async (input, fault) => {
    const [first, ...more] = await faultsOf(stage().settings.addEndpoint('1', input));
    expect(first?.slice(0, fault.length)).toBe(fault);
    expect(more).toEqual([]);
  });

  test('must be HTTPS in production', async () => {
    const { settings } = stage({ env: production });
    expect(await faultsOf(settings.addEndpoint('1', { url: 'http://x/' }))).toEqual([
      'url: must be HTTPS in production, got "http://x/"; use https://, or set "allowInsecure": true in the file',
    ]);
    await expect(stage().settings.addEndpoint('1', { url: 'http://x/' })).resolves.toBeDefined();
  });

  test('can be reconciled on several nodes', async () => {
    const { settings } = stage({ redis: true });
    await expect(settings.addEndpoint('1', { url, reconcile: true })).resolves.toMatchObject({
      reconcile: true,
    });
  });

  test('is replaced as a whole, and keeps its id', async () => {
    const { settings, configuration } = stage();
    const { id } = await settings.addEndpoint('1', { url, headers: { 'x-a': '1' } });
    await settings.changeEndpoint('1', id, { url: 'https://other.example/' });
    expect(configuration.current.apps[0]?.webhooks[1]).toMatchObject({
      id,
      url: 'https://other.example/',
      headers: {},
    });
    expect(await faultsOf(settings.changeEndpoint('1', id, { id: 'new', url }))).toEqual([
      `id: expected "${id}", because the id of an endpoint cannot change, got "new"`,
    ]);
    expect(await faultsOf(settings.changeEndpoint('1', id, null))).toEqual([
      ': expected an object, got null',
    ]);
    await settings.removeEndpoint('1', id);
    expect(configuration.current.apps[0]?.webhooks).toHaveLength(1);
  });

  test('is paused and resumed', async () => {
    const { settings, configuration } = stage();
    await settings.pause('1', 'main', 'hold');
    expect(configuration.current.apps[0]?.webhooks[0]?.pause).toEqual({ how: 'hold', sinceMs: 7 });
    await settings.resume('1', 'main');
    expect(configuration.current.apps[0]?.webhooks[0]?.pause).toBeUndefined();
    expect(await faultsOf(settings.pause('1', 'main', 'slow'))).toEqual([
      'how: expected "hold" or "off", got "slow"',
    ]);
  });
});

describe('an app', () => {
  test('gets a generated id, key and secret unless they are given', async () => {
    const { settings } = stage();
    const made = await settings.addApp({});
    expect(made.secret).toMatch(/^[0-9a-f]{64}$/);
    expect(made).toMatchObject({ isSetAtRunTime: true, enabled: true });
    expect(await settings.addApp({ id: 'mine', key: 'k', secret: 't' })).toMatchObject({
      id: 'mine',
      key: 'k',
      secret: 't',
    });
    await expect(settings.addApp({ id: 'mine' })).rejects.toMatchObject({ code: 'taken' });
  });

  test.each<readonly [unknown, string]>([
    [[], "app: expected an object such as { id: '2' }, got an empty array"],
    [{ limits: { connections: -1 } }, 'limits.connections: '],
    [
      { limits: { conections: 1 } },
      'limits.conections: unknown key "conections"; did you mean "connections"?',
    ],
    [{ secretFile: '/etc/shadow', secret: undefined }, 'secretFile: '],
    [{ secret: 'CHANGE-ME' }, 'secret: is still a placeholder'],
    [{ allowedOrigins: 'x' }, 'allowedOrigins: '],
    [{ webhooks: [{ url, allowInsecure: true }] }, 'webhooks[0].allowInsecure: is not accepted at run time'],
    [{ limits: { eventDataBytes: 1_000_000 } }, 'maxBackpressureBytes: expected at least'],
  ])('%j is refused by its path in the input', async (input, fault) => {
    const [first = ''] = await faultsOf(stage().settings.addApp(input));
    expect(first.slice(0, fault.length)).toBe(fault);
    expect(first).not.toContain('apps[0]');
  });

  test('can have its settings changed, and absent fields stay', async () => {
    const { settings, configuration } = stage();
    const { id, key } = await settings.addApp({ limits: { connections: 5 }, webhooks: [{ url }] });
    await settings.changeApp(id, { clientEvents: false, limits: { presenceMembers: 9 } });
    expect(configuration.current.apps[1]).toMatchObject({
      key,
      clientEvents: false,
      limits: { connections: 5, presenceMembers: 9, channels: Infinity },
      webhooks: [{ url }],
    });
    expect(await faultsOf(settings.changeApp(id, { key: 'x', webhooks: [] }))).toEqual([
      'key: cannot be changed by this operation; leave it out',
      'webhooks: cannot be changed by this operation; leave it out',
    ]);
    expect(await faultsOf(settings.changeApp(id, { limits: 7 }))).toHaveLength(1);
    await expect(settings.changeApp('1', {})).rejects.toMatchObject({ code: 'set-by-file' });
    await settings.removeApp(id);
    expect(configuration.current.apps).toHaveLength(1);
  });

  test('gets further keys, generated or given', async () => {
    const { settings, configuration } = stage();
    const { id } = await settings.addApp({});
    const made = await settings.addKey(id);
    expect(made.secret).toMatch(/^[0-9a-f]{64}$/);
    await settings.addKey(id, { key: 'mine', secret: 'mine too' });
    expect(await faultsOf(settings.addKey(id, { key: 'a b', secret: '' }))).toEqual([
      expect.stringMatching(/^key: /),
      expect.stringMatching(/^secret: /),
    ]);
    expect(await faultsOf(settings.addKey(id, { keys: 1 }))).toEqual([
      'keys: unknown key "keys"; did you mean "key"?',
    ]);
    await settings.makeKeyFirst(id, 'mine');
    await settings.removeKey(id, made.key);
    expect(configuration.current.apps[1]).toMatchObject({ key: 'mine', otherKeys: [{}] });
  });
});

test('the message of an error names the first fault and counts the rest', async () => {
  const made = stage().settings.addEndpoint('1', { url: 5, colour: 'red' });
  await expect(made).rejects.toThrow(/^the endpoint is not valid: url: .* \(and 1 more\)$/);
});
