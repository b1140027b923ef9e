import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import type { AppConfig, Config, EndpointConfig } from '../../src/config/schema/schema.ts';
import { ChangeError } from '../../src/configuration/change-error.ts';
import { addApp, changeApp, removeApp } from '../../src/configuration/edit-apps.ts';
import {
  addEndpoint,
  changeEndpoint,
  pauseEndpoint,
  removeEndpoint,
  resumeEndpoint,
} from '../../src/configuration/edit-endpoints.ts';
import type { Edit } from '../../src/configuration/edit.ts';
import {
  idleOf,
  keysOf,
  layOver,
  noChanges,
  pastHoldOf,
  withoutNeedless,
  type RunTimeChanges,
} from '../../src/configuration/run-time-changes.ts';
import { readChanges, writeChanges } from '../../src/configuration/stored-changes.ts';
import { configOf } from '../integration/support/server.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';

const appIds = ['1', '2', '3'];
const endpointIds = ['x', 'y', 'z'];
/** Names may meet: an app of the file may have the key of one that was added. */
const keys = ['a', 'b', 'c'];

const appId = fc.constantFrom(...appIds);
const endpointId = fc.constantFrom(...endpointIds);
const written = fc.record({
  id: appId,
  key: fc.constantFrom(...keys),
  secret: fc.constantFrom('s', 't'),
  webhooks: fc.uniqueArray(
    fc.record({ id: endpointId, url: fc.constantFrom('https://one.example/', 'http://two.example/') }),
    { selector: ({ id }) => id, maxLength: 2 },
  ),
});
const file = fc
  .uniqueArray(written, { selector: ({ id }) => id, minLength: 1, maxLength: 3 })
  .map((apps) => apps.filter(({ key }, index) => apps.findIndex((one) => one.key === key) === index))
  .map((apps) => configOf({ apps }));
const app = written.map((one): AppConfig => {
  const [made] = configOf({ apps: [one] }).apps;
  if (made === undefined) throw new Error('there is one');
  return made;
});
const endpoint = app
  .filter(({ webhooks }) => webhooks.length > 0)
  .map(({ webhooks: [one] }): EndpointConfig => {
    if (one === undefined) throw new Error('there is one');
    return one;
  });
const how = fc.constantFrom('hold' as const, 'off' as const);

const named = (name: string, edit: Edit) => ({ name, edit });
const edit = fc.oneof(
  app.map((one) => named(`addApp(${one.id}, ${one.key})`, addApp(one))),
  appId.map((id) => named(`removeApp(${id})`, removeApp(id))),
  appId.map((id) =>
    named(
      `changeApp(${id})`,
      changeApp(id, (one) => ({ ...one, clientEvents: false })),
    ),
  ),
  fc.tuple(appId, endpoint).map(([id, one]) => named(`addEndpoint(${id}, ${one.id})`, addEndpoint(id, one))),
  fc
    .tuple(appId, endpoint)
    .map(([id, one]) => named(`changeEndpoint(${id}, ${one.id})`, changeEndpoint(id, one))),
  fc
    .tuple(appId, endpointId)
    .map(([id, one]) => named(`removeEndpoint(${id}, ${one})`, removeEndpoint(id, one))),
  fc
    .tuple(appId, endpointId, how)
    .map(([id, one, kind]) =>
      named(`pause(${id}, ${one}, ${kind})`, pauseEndpoint(id, one, { how: kind, sinceMs: 1 })),
    ),
  fc.tuple(appId, endpointId).map(([id, one]) => named(`resume(${id}, ${one})`, resumeEndpoint(id, one, 2))),
);
type Step = { readonly name: string; readonly edit: Edit } | { readonly name: string; readonly file: Config };
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: edit, weight: 4 },
  { arbitrary: file.map((config) => ({ name: 'reload', file: config })), weight: 1 },
);

/** An app without what may be laid over it. */
const bare = ({ webhooks: _endpoints, ...rest }: AppConfig) => rest;
const unpaused = ({ pause: _pause, lastHold: _hold, ...rest }: EndpointConfig) => rest;

/** The settings of the file are in force unchanged, in order, and others are served or reported as idle. */
function expectTrue(config: Config, changes: RunTimeChanges, isProduction: boolean): void {
  const served = layOver(config.apps, changes, { isProduction });
  const idle = idleOf(config.apps, changes, { isProduction });
  for (const [index, one] of config.apps.entries()) {
    const now = served[index];
    assert.deepEqual(now && bare(now), bare(one));
    assert.deepEqual(now?.webhooks.slice(0, one.webhooks.length).map(unpaused), one.webhooks);
  }
  for (const one of changes.added) {
    const isServed = served.some((now) => now.id === one.id && now.isSetAtRunTime === true);
    const clashes = config.apps.some((other) => other.id === one.id || keysOf(other).includes(one.key));
    assert.equal(isServed, !clashes);
    assert.equal(
      idle.some((now) => now.kind === 'app' && now.appId === one.id),
      clashes,
    );
  }
  for (const added of changes.endpoints) {
    const place = served.find(({ id }) => id === added.appId);
    const now = place?.webhooks.filter(({ id }) => id === added.endpoint.id) ?? [];
    const isServed = now.some((one) => one.isSetAtRunTime === true);
    const isIdle = idle.some(
      (one) => one.kind === 'endpoint' && one.appId === added.appId && one.endpoint === added.endpoint,
    );
    assert.equal(isServed, !isIdle);
    if (isServed) assert.deepEqual(now.map(unpaused), [added.endpoint]);
  }
  const ids = served.flatMap(({ id, webhooks }) => webhooks.map((one) => `${id}/${one.id}`));
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(new Set(served.flatMap(keysOf)).size, served.flatMap(keysOf).length);
  for (const one of changes.pauses) {
    const { appId: of, endpointId: which, pause, endedMs } = one;
    const paused = served.find(({ id }) => id === of)?.webhooks.find(({ id }) => id === which);
    if (paused === undefined) continue;
    assert.deepEqual(paused.pause, endedMs === undefined ? pause : undefined);
    assert.deepEqual(paused.lastHold, pastHoldOf(one));
  }
}

describe(seeded('changes at run time'), () => {
  it(
    'leave in force what the file sets, serve what clashes with nothing, and are read as they were written',
    () => {
      fc.assert(
        fc.property(
          file,
          fc.array(step, { maxLength: 30, size: 'max' }),
          fc.boolean(),
          (first, steps, isProduction) => {
            let config = first;
            let changes = noChanges;
            for (const one of steps) {
              if ('file' in one) {
                config = one.file;
                changes = withoutNeedless(changes, config.apps);
              } else {
                const env = isProduction ? { NODE_ENV: 'production' } : {};
                try {
                  changes = one.edit(changes, { file: config, fileName: 'f', current: config, env });
                } catch (error) {
                  if (!(error instanceof ChangeError)) throw error;
                }
              }
              expectTrue(config, changes, isProduction);
            }
            assert.deepEqual(readChanges(writeChanges(changes)), { kind: 'ok', changes });
          },
        ),
        runs(200),
      );
    },
    patienceMs,
  );
});
