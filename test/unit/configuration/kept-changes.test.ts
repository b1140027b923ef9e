import { describe, expect, test } from 'vitest';
import type { Config } from '../../../src/config/schema/schema.ts';
import { addEndpoint, pauseEndpoint } from '../../../src/configuration/edit-endpoints.ts';
import { ConfigurationInForce } from '../../../src/configuration/in-force.ts';
import { silentLog, type LogFields } from '../../../src/ports/log.ts';
import { StartError } from '../../../src/ports/start-error.ts';
import { configOf } from '../../integration/support/server.ts';
import { SharedSettings } from '../../support/unit/fake-settings-store.ts';

const file = configOf({
  apps: [{ id: '1', key: 'a', secret: 's', webhooks: [{ id: 'main', url: 'https://main.example/' }] }],
});
const pause = pauseEndpoint('1', 'main', { how: 'hold', sinceMs: 7 });

function extra(id: string) {
  const [app] = configOf({
    apps: [{ id: '1', key: 'a', secret: 's', webhooks: [{ id, url: `https://${id}.example/` }] }],
  }).apps;
  const [endpoint] = app?.webhooks ?? [];
  if (endpoint === undefined) throw new Error('there is one');
  return addEndpoint('1', endpoint);
}

/** A node on shared settings. */
function node(
  shared: SharedSettings,
  { started = file, refuse = () => undefined as string | undefined } = {},
) {
  const lines: string[] = [];
  const served: string[][] = [];
  const recordAt = (level: string) => (fields: LogFields, message: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const owner = new ConfigurationInForce({
    started,
    running: {
      refuse,
      serve: async (apps) =>
        void served.push(
          apps.flatMap(({ id, endpoints }) =>
            endpoints.map((one) => `${id}/${one.id}${one.heldSinceMs === undefined ? '' : ' held'}`),
          ),
        ),
      showCertificate: async () => false,
    },
    log: { ...silentLog, info: recordAt('info'), warn: recordAt('warn'), error: recordAt('error') },
    store: shared.store(),
    env: {},
  });
  return { owner, lines, served: () => served.at(-1), servings: () => served.length };
}

async function startNode(shared: SharedSettings, options?: { readonly started?: Config }) {
  const one = node(shared, options);
  await one.owner.start();
  return one;
}

describe('a change at run time', () => {
  test('is active before the next process serves clients', async () => {
    const shared = new SharedSettings();
    await (await startNode(shared)).owner.change(extra('extra'));
    const next = await startNode(shared);
    expect(next.served()).toEqual(['1/main', '1/extra']);
    expect(next.lines).toEqual([
      'info configuration changed at run time {"cause":"start","apps":1,"changed":true,"endpointsAdded":["1/extra"]}',
    ]);
  });

  test('is applied on the other nodes once, and the log names the source', async () => {
    const shared = new SharedSettings();
    const [one, two] = [await startNode(shared), await startNode(shared)];
    await one.owner.change(extra('extra'));
    await shared.announce();
    await shared.announce();
    expect(two.served()).toEqual(['1/main', '1/extra']);
    expect([one.servings(), two.servings()]).toEqual([1, 1]);
    expect(two.lines.join()).toContain('"cause":"another node"');
  });

  test('is applied on top of an earlier change by another node', async () => {
    const shared = new SharedSettings();
    const [one, two] = [await startNode(shared), await startNode(shared)];
    await Promise.all([one.owner.change(extra('extra')), two.owner.change(pause)]);
    await shared.announce();
    for (const { served } of [one, two]) expect(served()).toEqual(['1/main held', '1/extra']);
  });

  test('is refused and has no effect if it cannot be saved', async () => {
    const shared = new SharedSettings();
    const { owner, servings } = await startNode(shared);
    shared.failure = 'the disk is full';
    await expect(owner.change(pause)).rejects.toMatchObject({
      code: 'not-saved',
      message: 'not saved: the disk is full',
    });
    expect(servings()).toBe(0);
    shared.failure = undefined;
    await owner.change(extra('extra'));
    expect((await startNode(shared)).served()).toEqual(['1/main', '1/extra']);
  });

  test('is refused after repeated changes by other nodes', async () => {
    const shared = new SharedSettings();
    const { owner } = await startNode(shared);
    let times = 0;
    shared.beforeWrite = () => {
      times += 1;
      const text = '{"layout":1,"apps":[],"removed":[],"endpoints":[],"pauses":[]}';
      shared.stored = { revision: `${times}.other`, text };
    };
    await expect(owner.change(pause)).rejects.toMatchObject({ code: 'not-saved' });
    expect(times).toBe(20);
  });

  test('that cannot be served is refused before it is saved', async () => {
    const shared = new SharedSettings();
    const { owner } = node(shared, { refuse: () => 'limits.x: too much' });
    await expect(owner.change(pause)).rejects.toMatchObject({
      code: 'not-served',
      message: 'limits.x: too much',
    });
    expect(shared.stored).toBeUndefined();
  });

  test('without effect is neither saved nor served', async () => {
    const shared = new SharedSettings();
    const { owner, servings } = await startNode(shared);
    await owner.change((changes) => changes);
    expect([shared.stored, servings()]).toEqual([undefined, 0]);
  });

  test('that this node cannot serve is not applied, and the log names the reason', async () => {
    const shared = new SharedSettings();
    await (await startNode(shared)).owner.change(extra('extra'));
    const next = node(shared);
    const refusing = node(shared, { refuse: () => 'too much' });
    await next.owner.start();
    await refusing.owner.start();
    expect(refusing.owner.current).toBe(file);
    expect(refusing.lines.join()).toContain('error settings made at run time cannot be applied');
    expect(refusing.owner.changes).toEqual(next.owner.changes);
  });

  test('is reported to listeners, and so is a reloaded file', async () => {
    const { owner } = await startNode(new SharedSettings());
    let notified = 0;
    const end = owner.onChange(() => (notified += 1));
    await owner.change(pause);
    await owner.takeFile(file, 'test');
    end();
    await owner.takeFile(file, 'test');
    expect(notified).toBe(2);
  });
});

describe('kept content that is not understood', () => {
  const strange = { revision: '7.other', text: '{"layout":2}' };

  test('is logged, not applied, and not overwritten', async () => {
    const shared = new SharedSettings();
    shared.stored = strange;
    const { owner, lines, servings } = await startNode(shared);
    expect(servings()).toBe(0);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^error the settings made at run time are not understood: the content on Redis in the key test has the layout "2"/,
    );
    await expect(owner.change(pause)).rejects.toMatchObject({
      code: 'not-understood',
      message: owner.obstacle,
    });
    expect(shared.stored).toBe(strange);
  });

  test('leaves the earlier configuration active, and is no obstacle once it is removed', async () => {
    const shared = new SharedSettings();
    const { owner, served } = await startNode(shared);
    await owner.change(extra('extra'));
    shared.stored = strange;
    await shared.announce();
    await expect(owner.change(pause)).rejects.toMatchObject({ code: 'not-understood' });
    shared.stored = undefined;
    await shared.announce();
    expect(owner.obstacle).toBeUndefined();
    await owner.change(pause);
    expect(served()).toEqual(['1/main held', '1/extra']);
    expect((await startNode(shared)).served()).toEqual(['1/main held', '1/extra']);
  });

  test('is overwritten with the active configuration on request', async () => {
    const shared = new SharedSettings();
    shared.stored = strange;
    const { owner } = await startNode(shared);
    await owner.overwrite();
    await owner.change(pause);
    expect((await startNode(shared)).served()).toEqual(['1/main held']);
  });
});

describe('a store that has lost what was written', () => {
  test('gets it again from a node that knows it', async () => {
    const shared = new SharedSettings();
    const { owner, lines } = await startNode(shared);
    await owner.change(extra('extra'));
    const earlier = shared.stored;
    await owner.change(pause);
    const last = shared.stored;
    for (const found of [undefined, earlier]) {
      shared.stored = found;
      await shared.announce();
      expect(shared.stored).toEqual(last);
    }
    expect(lines.filter((line) => line.startsWith('warn'))).toHaveLength(2);
  });

  test('gets it again before a new change is written', async () => {
    const shared = new SharedSettings();
    const { owner } = await startNode(shared);
    await owner.change(extra('extra'));
    shared.stored = undefined;
    await owner.change(pause);
    expect((await startNode(shared)).served()).toEqual(['1/main held', '1/extra']);
  });

  test('gets the latest revision of the nodes, whichever node writes first', async () => {
    const shared = new SharedSettings();
    const [behind, ahead] = [await startNode(shared), await startNode(shared)];
    await behind.owner.change(extra('extra'));
    await shared.announce();
    await ahead.owner.change(pause);
    shared.stored = undefined;
    // The node with the older revision writes first.
    await shared.announce();
    await shared.announce();
    for (const { served } of [behind, ahead]) expect(served()).toEqual(['1/main held', '1/extra']);
  });

  test('is logged once, however long it takes', async () => {
    const shared = new SharedSettings();
    const { owner, lines } = await startNode(shared);
    await owner.change(pause);
    shared.stored = undefined;
    const failing = 'Redis refuses it (OOM)';
    shared.beforeWrite = () => (shared.failure = failing);
    for (let beat = 0; beat < 3; beat += 1) {
      shared.failure = undefined;
      await shared.announce();
    }
    expect(lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
  });
});

test('the start fails if the changes cannot be read', async () => {
  const shared = new SharedSettings();
  shared.failure = 'away';
  await expect(node(shared).owner.start()).rejects.toBeInstanceOf(StartError);
});
