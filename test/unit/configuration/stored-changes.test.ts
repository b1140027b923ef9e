import { describe, expect, test } from 'vitest';
import { exportChanges } from '../../../src/configuration/export-changes.ts';
import { withApp, noChanges, type RunTimeChanges } from '../../../src/configuration/run-time-changes.ts';
import { readChanges, writeChanges } from '../../../src/configuration/stored-changes.ts';
import { configOf } from '../../integration/support/server.ts';

const [app] = configOf({
  apps: [
    {
      id: '2',
      key: 'b',
      secret: 'hush',
      otherKeys: [{ key: 'old', secret: 'hush' }],
      limits: { connections: null, presenceMembers: 7 },
      webhooks: [
        { id: 'main', url: 'https://main.example/', headers: { authorization: 'hush', 'x-team': 'blue' } },
      ],
    },
  ],
}).apps;
if (app === undefined) throw new Error('there is one');
const changes: RunTimeChanges = {
  ...withApp(noChanges, app),
  removed: ['3'],
  pauses: [{ appId: '1', endpointId: 'x', pause: { how: 'off', sinceMs: 5 } }],
};
const written = JSON.parse(writeChanges(changes)) as Record<string, unknown>;
const reasonOf = (content: unknown) => {
  const read = readChanges(typeof content === 'string' ? content : JSON.stringify(content));
  return read.kind === 'ok' ? 'understood' : read.reason;
};

test('changes are read as they were written, including absent limits', () => {
  expect(readChanges(writeChanges(changes))).toEqual({ kind: 'ok', changes });
  expect(changes.added[0]?.limits.connections).toBe(Infinity);
  expect(readChanges(writeChanges(noChanges))).toEqual({ kind: 'ok', changes: noChanges });
});

test('an endpoint that is held once more is written in a form that a version without earlier holds reads', () => {
  const held: RunTimeChanges = {
    ...noChanges,
    pauses: [
      { appId: '1', endpointId: 'x', pause: { how: 'hold', sinceMs: 20 }, earlier: { fromMs: 3, toMs: 8 } },
      { appId: '1', endpointId: 'y', pause: { how: 'hold', sinceMs: 5 }, endedMs: 7 },
    ],
  };
  const text = writeChanges(held);
  // That version refuses further fields, and uses the first pause of an endpoint.
  expect(JSON.parse(text)).toMatchObject({
    pauses: [
      { app: '1', endpoint: 'x', how: 'hold', sinceMs: 20 },
      { app: '1', endpoint: 'x', how: 'hold', sinceMs: 3, endedMs: 8 },
      { app: '1', endpoint: 'y', how: 'hold', sinceMs: 5, endedMs: 7 },
    ],
  });
  expect(text).not.toContain('earlier');
  expect(readChanges(text)).toEqual({ kind: 'ok', changes: held });
});

test('a limit that was unknown when the changes were written has its default', () => {
  const [first] = written['apps'] as [{ limits: Record<string, unknown> }];
  const { eventDataBytes: _, ...limits } = first.limits;
  const read = readChanges(JSON.stringify({ ...written, apps: [{ ...first, limits }] }));
  expect(read).toEqual({ kind: 'ok', changes });
});

describe('content that is not understood is reported', () => {
  test.each([
    ['text that is not JSON', 'no JSON', 'is not a JSON object'],
    ['a list', [], 'is not a JSON object'],
    ['no layout', {}, 'has no layout, but this version only knows the layout 1'],
    [
      'another layout',
      { ...written, layout: 2 },
      'has the layout "2", but this version only knows the layout 1',
    ],
    ['a further key', { ...written, users: [] }, 'has a field that this version does not know: "users"'],
    ['a field that is not a list', { ...written, endpoints: {} }, 'has no list "endpoints"'],
    ['a removed app without a valid id', { ...written, removed: [1] }, 'has removals or pauses in a form'],
    [
      'a pause of another kind',
      { ...written, pauses: [{ app: '1', endpoint: 'x', how: 'slow', sinceMs: 5 }] },
      'has removals or pauses in a form',
    ],
    [
      'a pause with a further field',
      { ...written, pauses: [{ app: '1', endpoint: 'x', how: 'off', sinceMs: 5, until: 9 }] },
      'has removals or pauses in a form',
    ],
    [
      'an app with a field that is unknown',
      { ...written, apps: [{ id: '2', key: 'b', secret: 's', colour: 'red' }] },
      'breaks a rule of this version, apps[0].colour: unknown key "colour"',
    ],
    [
      'an endpoint without a URL',
      { ...written, endpoints: [{ app: '1', endpoint: {} }] },
      'breaks a rule of this version, apps[0].webhooks[0].url: missing',
    ],
    [
      'an endpoint of no app',
      { ...written, endpoints: [{ endpoint: { url: 'https://x/' } }] },
      'breaks a rule of this version, endpoints[0]: is not an app and an endpoint',
    ],
  ])('%s', (_, content, reason) => {
    expect(reasonOf(content)).toContain(reason);
    expect(reasonOf(content)).not.toContain('hush');
  });
});

test('an export has the format of the file, without secrets', () => {
  const [endpoint] = app.webhooks;
  if (endpoint === undefined) throw new Error('there is one');
  const exported = exportChanges(
    { ...changes, endpoints: [...changes.endpoints, { appId: '1', endpoint }] },
    true,
  );
  expect(JSON.stringify(exported)).not.toContain('hush');
  expect(exported.apps).toMatchObject([
    {
      id: '2',
      key: 'b',
      secretFile: 'b.secret',
      otherKeys: [{ key: 'old', secretFile: 'old.secret' }],
      limits: { connections: null, presenceMembers: 7 },
      webhooks: [{ id: 'main', headers: { authorization: 'REPLACE-ME', 'x-team': 'blue' } }],
    },
    { id: '1', webhooks: [{ id: 'main' }] },
  ]);
});
