import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RunTimeSettings } from '../../../src/configuration/run-time-settings.ts';
import type { ServerOverrides } from '../../../src/node/overrides.ts';
import type { Server } from '../../../src/node/server.ts';
import { SettingsTable } from '../../../src/store/durable/settings-table.ts';
import { systemWallTime } from '../../../src/system/clock.ts';
import { randomNames } from '../../../src/system/fresh-names.ts';
import { silentLog, type LogFields } from '../../../src/ports/log.ts';
import { keepsSettings } from '../../contract/settings-store.suite.ts';
import { openDisk, temporaryFolder } from '../../support/disk/open-disk.ts';
import { Client } from '../support/client.ts';
import { app, startServer } from '../support/server.ts';

keepsSettings('a table on disk', async () => {
  const path = temporaryFolder();
  const { database } = await openDisk(path);
  return {
    store: new SettingsTable(database),
    next: async () => {
      await database.close();
      return new SettingsTable((await openDisk(path)).database);
    },
  };
});

const url = 'https://127.0.0.1:9/hook';
const settingsOf = ({ configuration }: Server) =>
  new RunTimeSettings({ configuration, names: randomNames, wallTime: systemWallTime });
const start = (path: string, overrides: ServerOverrides = {}) =>
  startServer({ store: { path }, shutdownTimeoutMs: 100 }, overrides);
const endpointsOf = ({ configuration }: Server) =>
  configuration.current.apps.map(({ id, webhooks }) => [
    id,
    webhooks.map((one) => `${one.id} ${one.pause?.how ?? 'served'}`),
  ]);

/** The folder as the next process finds it if the previous one was killed now. */
function killed(path: string): string {
  const copy = join(temporaryFolder(), 'store');
  cpSync(path, copy, { recursive: true, filter: (name) => !name.endsWith('lock') });
  return copy;
}

describe('a server with a store', () => {
  test('applies after a kill what was changed before it', async () => {
    const path = temporaryFolder();
    const server = await start(path);
    const settings = settingsOf(server);
    await settings.addEndpoint(app.id, { id: 'one', url });
    await settings.addApp({ id: '9', key: 'nine', webhooks: [{ id: 'two', url }] });
    await settings.pause('9', 'two', 'hold');
    const expected = [
      [app.id, ['one served']],
      ['9', ['two hold']],
    ];
    expect(endpointsOf(server)).toEqual(expected);
    expect(server.configuration.savedIn).toBe('disk');

    const after = await start(killed(path));
    expect(endpointsOf(after)).toEqual(expected);
    await server.close();
    const again = await start(path);
    expect(endpointsOf(again)).toEqual(expected);
    await settingsOf(again).removeApp('9');
    expect(endpointsOf(await start(killed(path)))).toEqual([[app.id, ['one served']]]);
  });

  test('continues with what waits for an app that was set at run time', async () => {
    const path = temporaryFolder();
    const server = await start(path);
    const settings = settingsOf(server);
    await settings.addApp({ id: '9', key: 'nine', webhooks: [{ id: 'hook', url }] });
    await settings.pause('9', 'hook', 'hold');
    await (await Client.connect(server, '/app/nine?protocol=7')).subscribe('news');
    // It is safe together with everything that happened before it.
    await settings.resume('9', 'hook');

    const restored: LogFields[] = [];
    const info = (fields: LogFields, message: string) => {
      if (message === 'continuing with the state in the store') restored.push(fields);
    };
    await start(killed(path), { log: { ...silentLog, info } });
    expect(restored).toMatchObject([{ channels: 1, forgottenApps: [] }]);
  });

  test('that finds settings of a later version starts without them, logs that, and keeps them', async () => {
    const path = temporaryFolder();
    const text = '{"layout":2}';
    const { database } = await openDisk(path);
    await new SettingsTable(database).write({ revision: '4.x', text: () => text }, undefined);
    await database.close();

    const errors: string[] = [];
    const log = { ...silentLog, error: (_: unknown, message: string) => void errors.push(message) };
    const server = await start(path, { log });
    expect(endpointsOf(server)).toEqual([[app.id, []]]);
    expect(errors).toEqual([
      'the settings made at run time are not understood: the content in the store on disk has the layout "2", but this version only knows the layout 1. Settings cannot be changed at run time until it is removed there, or until a version runs that understands it',
    ]);
    const adding = settingsOf(server).addEndpoint(app.id, { url });
    await expect(adding).rejects.toMatchObject({ code: 'not-understood', message: errors[0] });
    await server.close();
    const kept = new SettingsTable((await openDisk(path)).database);
    expect(kept.read()).toEqual({ revision: '4.x', text });
  });
});

test('a server without a store keeps changes in memory', async () => {
  const server = await startServer();
  await settingsOf(server).addEndpoint(app.id, { id: 'one', url });
  expect(server.configuration.savedIn).toBe('memory');
  expect(endpointsOf(server)).toEqual([[app.id, ['one served']]]);
});
