import { expect, test } from 'vitest';
import { token, viewToken, type Call } from '../support/admin.ts';
import { AdminWorld } from '../support/admin-world.ts';
import { RecordingLog } from '../support/log.ts';

const auditMessage = 'operator action';
const full = { authorization: `Bearer ${token}` };
const main = { app: '1', endpoint: 'main' };
const own = { app: 'own' };
const url = 'http://127.0.0.1:9/hook';

test.each([
  ['addApp', { body: { id: 'x' } }, ['x'], {}],
  ['changeApp', { of: own, body: { clientEvents: true } }, ['own'], {}],
  ['removeApp', { of: own }, ['own'], {}],
  ['addKey', { of: own, body: { key: 'second' } }, ['own', 'second'], {}],
  ['addEndpoint', { of: { app: '1' }, body: { id: 'x', url } }, ['1', 'x'], {}],
  ['changeEndpoint', { of: { app: '1', endpoint: 'added' }, body: { url } }, ['1', 'added'], {}],
  ['removeEndpoint', { of: { app: '1', endpoint: 'added' } }, ['1', 'added'], {}],
  ['pauseEndpoint', { of: main, body: { how: 'hold' } }, ['1', 'main'], { how: 'hold' }],
  ['resumeEndpoint', { of: main }, ['1', 'main'], {}],
  ['showSecrets', { of: { app: '1' } }, ['1'], {}],
  ['terminateUser', { of: { app: '1', user: '7' } }, ['1', '7'], {}],
  ['publish', { of: { app: '1' }, body: { events: [{ name: 'a', channels: ['b'], data: 'c' }] } }, ['1'], {}],
] as const satisfies readonly (readonly [string, Call, readonly string[], object])[])(
  '%s is one line of the log: who, what, where',
  async (operation, call, of, more) => {
    const log = new RecordingLog();
    const world = await AdminWorld.start({ dashboard: { token } }, { log }, full);
    await world.addOwn();
    if (operation === 'resumeEndpoint')
      await world.admin.get('pauseEndpoint', { of: main, body: { how: 'off' } });
    const before = log.of(auditMessage).length;
    await world.admin.get(operation, { ...call, isPage: true });
    expect(log.of(auditMessage).slice(before)).toEqual([
      { who: 'token (127.0.0.1)', operation, of, ...more, api: 'dashboard' },
    ]);
    const { rows } = await world.admin.get<{ rows: readonly { text: string }[] }>('readConsole', {
      query: { types: 'setting', limit: 1 },
    });
    // The console has a row for changes of settings, but not for single actions.
    const isSetting = !['showSecrets', 'terminateUser', 'publish'].includes(operation);
    const text = expect.stringContaining(` ${of.at(-1)} was `) as string;
    expect(rows).toMatchObject([{ text: isSetting ? text : 'endpoint added was added' }]);
  },
);

test('a pause or a resume that changes nothing is neither logged nor a row of the console', async () => {
  const log = new RecordingLog();
  const { admin } = await AdminWorld.start({}, { log });
  for (const how of ['hold', 'hold', 'off', 'off'] as const) {
    expect(await admin.get('pauseEndpoint', { of: main, body: { how } })).toMatchObject({ pause: { how } });
  }
  for (const _ of ['once', 'twice']) await admin.get('resumeEndpoint', { of: main });
  expect(log.of(auditMessage)).toMatchObject([
    { how: 'hold' },
    { how: 'off' },
    { operation: 'resumeEndpoint' },
  ]);
  const { rows } = await admin.get<{ rows: readonly { text: string }[] }>('readConsole', {
    query: { types: 'setting' },
  });
  expect(rows.map(({ text }) => text)).toEqual([
    'endpoint main was paused (hold)',
    'endpoint main was paused (off)',
    'endpoint main was resumed',
  ]);
});

test('reads, questions and refused changes are not logged as operator actions', async () => {
  const log = new RecordingLog();
  const { admin } = await AdminWorld.start({}, { log });
  await admin.get('listApps');
  await admin.get('verifySignature', { of: { app: '1' }, body: { body: 'a', signature: 'b' } });
  await admin.call('addApp', { body: { id: '1' } });
  expect(log.of(auditMessage)).toEqual([]);
});

test('no line of the log contains a secret, even at the most verbose level, whatever is called', async () => {
  const log = new RecordingLog('trace');
  const world = await AdminWorld.start({ dashboard: { token, viewToken } }, { log }, full);
  await world.addOwn();
  const delivery = await world.delivered();
  await world.admin.get('addKey', { of: own, body: { key: 'second', secret: 'second-secret' } });
  const bodies: Readonly<Record<string, object>> = {
    addApp: { id: 'x', secret: 'third-secret', key: 'x-key' },
    addKey: { secret: 'fourth-secret', colour: 1 },
    addEndpoint: { url, headers: { Authorization: 'fifth-secret' } },
    changeEndpoint: { url, headers: { Authorization: 'fifth-secret\n' } },
    testEndpoint: { event: 'cache_miss' },
    pauseEndpoint: { how: 'hold' },
    recover: { endpoint: 'main' },
    verifySignature: { body: 'a', signature: 'b' },
    publish: { events: [{ name: 'a', channels: ['b'], data: 'c' }] },
  };
  const answers: string[] = [];
  for (const { id } of world.admin.operations) {
    for (const app of ['1', 'own']) {
      const of = { app, endpoint: app === '1' ? 'main' : 'none', key: 'second', channel: 'news', delivery };
      const body = bodies[id];
      const response = await world.admin.call(id, {
        of: { ...of, socket: '1.1', user: '7', recovery: 'r' },
        ...(body && { body }),
      });
      // These operations return secrets on purpose.
      if (!['showSecrets', 'addKey'].includes(id)) answers.push(response.text);
    }
  }
  const lines = JSON.stringify(log.lines);
  expect(log.of(auditMessage).length).toBeGreaterThan(5);
  for (const secret of [
    'app-secret',
    'own-secret',
    'second-secret',
    'third-secret',
    'fourth-secret',
    token,
    viewToken,
  ]) {
    expect(lines).not.toContain(secret);
    expect(answers.join('\n')).not.toContain(secret);
  }
  expect(lines).not.toContain('fifth-secret');
  expect(lines).not.toContain('of-the-file');
});
