import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { RunTimeSettings } from '../../src/configuration/run-time-settings.ts';
import { silentLog } from '../../src/ports/log.ts';
import type { ServerOverrides } from '../../src/node/overrides.ts';
import type { Server } from '../../src/node/server.ts';
import { createRedisClients, type RedisLocation } from '../../src/store/redis/link/connect.ts';
import { LeadKeys } from '../../src/store/redis/keys.ts';
import { RedisLink } from '../../src/store/redis/link/link.ts';
import { RedisSettings } from '../../src/store/redis/settings.ts';
import { systemClock, systemWallTime } from '../../src/system/clock.ts';
import { randomNames } from '../../src/system/fresh-names.ts';
import { keepsSettings } from '../contract/settings-store.suite.ts';
import { Client } from '../integration/support/client.ts';
import { Receiver } from '../support/receiver.ts';
import { app, startServer } from '../integration/support/server.ts';
import { startRedisCluster, type RedisCluster } from '../support/redis/cluster.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';
import { waitFor } from '../support/redis/wait.ts';

let redis: RedisServer;
let cluster: RedisCluster;
beforeAll(async () => {
  [redis, cluster] = await Promise.all([startRedis(), startRedisCluster()]);
});
afterAll(async () => void (await Promise.all([redis.stop(), cluster.stop()])));

let made = 0;
let keyPrefix = '';
beforeEach(() => {
  made += 1;
  keyPrefix = `settings-${made}:`;
});

async function linkTo(location: RedisLocation): Promise<RedisLink> {
  const link = new RedisLink(createRedisClients({ location, silenceMs: 10_000 }));
  onTestFinished(() => link.close());
  await link.ready(systemClock, 10_000);
  return link;
}

for (const [name, locate] of [
  ['Redis', () => ({ kind: 'single', url: redis.url })],
  ['a cluster of Redis', () => ({ kind: 'cluster', urls: cluster.urls })],
] as const satisfies readonly (readonly [string, () => RedisLocation])[]) {
  keepsSettings(name, async () => {
    const next = async () => new RedisSettings(await linkTo(locate()), new LeadKeys(keyPrefix));
    return { store: await next(), next };
  });
}

const url = 'https://127.0.0.1:9/hook';
const start = (overrides: ServerOverrides = {}) =>
  startServer({ redis: { url: redis.url, keyPrefix, leaseMs: 1000 } }, overrides);
const settingsOf = ({ configuration }: Server) =>
  new RunTimeSettings({ configuration, names: randomNames, wallTime: systemWallTime });
const endpointsOf = ({ configuration }: Server) =>
  configuration.current.apps.flatMap(({ id, webhooks }) =>
    webhooks.map((one) => `${id}/${one.id}${one.pause === undefined ? '' : ` ${one.pause.how}`}`),
  );
const isInForce = (servers: readonly Server[], endpoints: readonly string[]) =>
  waitFor(`${endpoints.join(', ')} on all nodes`, async () =>
    servers.every((server) => endpointsOf(server).toSorted().join() === endpoints.toSorted().join()),
  );

describe('nodes that share Redis', () => {
  test('apply what was set on one of them, also on a node that starts later', async () => {
    const nodes = [await start(), await start(), await start()] as const;
    await settingsOf(nodes[0]).addEndpoint(app.id, { id: 'one', url });
    await isInForce(nodes, ['1/one']);
    await settingsOf(nodes[1]).pause(app.id, 'one', 'off');
    await isInForce(nodes, ['1/one off']);
    expect(endpointsOf(await start())).toEqual(['1/one off']);
    expect(nodes[2].configuration.savedIn).toBe('redis');
  });

  test('lose nothing that is set on several nodes at the same time', async () => {
    const nodes = await Promise.all([start(), start(), start()]);
    const ids = nodes.flatMap((_, node) => Array.from({ length: 5 }, (__, index) => `n${node}-${index}`));
    await Promise.all(
      ids.map(async (id, index) => {
        const node = nodes[index % nodes.length];
        if (node !== undefined) await settingsOf(node).addEndpoint(app.id, { id, url });
      }),
    );
    await isInForce(
      nodes,
      ids.map((id) => `1/${id}`),
    );
  });

  test('send the events of one node to an endpoint that was set on another', async () => {
    const hooks = await Receiver.start();
    const [one, two] = [await start(), await start()];
    const webhooks = [{ id: 'hook', url: `http://127.0.0.1:${hooks.port}/` }];
    await settingsOf(two).addApp({ id: '9', key: 'nine', webhooks });
    await isInForce([one, two], ['9/hook']);
    const client = await Client.connect(one, '/app/nine?protocol=7');
    await client.subscribe('news');
    await waitFor('the webhook', async () =>
      hooks.requests.some(({ body }) => body.includes('channel_occupied')),
    );
  });

  test('discover through heartbeats what they were not notified of', async () => {
    const node = await start();
    const link = await linkTo({ kind: 'single', url: redis.url });
    const silent = new RedisSettings(link, {
      settings: keysOf().settings,
      settingsTopic: `${keyPrefix}{lead}:elsewhere`,
    });
    const other = await start();
    await settingsOf(other).addEndpoint(app.id, { id: 'one', url });
    await isInForce([node, other], ['1/one']);
    const stored = await silent.read();
    if (typeof stored !== 'object') throw new Error('something is kept');
    const text = stored.text.replace('"one"', '"two"');
    await silent.write({ revision: '2.silent', text: () => text }, stored.revision);
    await isInForce([node, other], ['1/two']);
  });

  test('reject what Redis does not accept, and apply nothing', async () => {
    const node = await start();
    const link = await linkTo({ kind: 'single', url: redis.url });
    await link.commands.config('SET', 'maxmemory', '1');
    try {
      await expect(settingsOf(node).addEndpoint(app.id, { id: 'one', url })).rejects.toMatchObject({
        code: 'not-saved',
        message: expect.stringMatching(/^not saved: Redis refuses it \(OOM /) as unknown as string,
      });
    } finally {
      await link.commands.config('SET', 'maxmemory', '0');
    }
    expect(endpointsOf(node)).toEqual([]);
    await settingsOf(node).addEndpoint(app.id, { id: 'one', url });
    expect(endpointsOf(await start())).toEqual(['1/one']);
  });

  test('start without settings of a later version, keep them, and accept new ones once they are removed', async () => {
    const link = await linkTo({ kind: 'single', url: redis.url });
    const { settings } = keysOf();
    await link.commands.hset(settings, 'revision', '7.later', 'text', '{"layout":2}');
    const errors: string[] = [];
    const log = { ...silentLog, error: (_: unknown, message: string) => void errors.push(message) };
    const node = await start({ log });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(`on Redis in the key ${settings} has the layout "2"`);
    const adding = settingsOf(node).addEndpoint(app.id, { id: 'one', url });
    await expect(adding).rejects.toMatchObject({ code: 'not-understood' });
    expect(await link.commands.hget(settings, 'text')).toBe('{"layout":2}');
    await link.commands.del(settings);
    await waitFor('the obstacle is gone', async () => node.configuration.obstacle === undefined);
    await settingsOf(node).addEndpoint(app.id, { id: 'one', url });
    expect(endpointsOf(await start())).toEqual(['1/one']);
  });

  test('treat a key of another type like an unknown layout', async () => {
    const link = await linkTo({ kind: 'single', url: redis.url });
    await link.commands.set(keysOf().settings, 'by hand');
    const node = await start();
    expect(node.configuration.obstacle).toContain('is not a JSON object');
  });
});

test('a lost Redis rejects settings, and gets the earlier ones again if it returns empty', async () => {
  await using own = await startRedis();
  const given = { redis: { url: own.url, leaseMs: 1000 } };
  const [one, two] = [await startServer(given), await startServer(given)];
  await settingsOf(one).addEndpoint(app.id, { id: 'one', url });
  await isInForce([one, two], ['1/one']);
  await own.kill();
  await expect(settingsOf(two).addEndpoint(app.id, { id: 'two', url })).rejects.toMatchObject({
    code: 'not-saved',
    message: expect.stringMatching(/^not saved: Redis did not confirm it/) as unknown as string,
  });
  expect(endpointsOf(two)).toEqual(['1/one']);
  await own.restart();
  const link = await linkTo({ kind: 'single', url: own.url });
  const kept = new RedisSettings(link, new LeadKeys('soketify:'));
  await waitFor('the settings are kept again', async () => typeof (await kept.read()) === 'object');
  await waitFor('Redis is whole', async () => {
    try {
      await settingsOf(two).addEndpoint(app.id, { id: 'two', url });
      return true;
    } catch {
      return false;
    }
  });
  await isInForce([one, two], ['1/one', '1/two']);
  expect(endpointsOf(await startServer(given))).toEqual(['1/one', '1/two']);
});

function keysOf(): LeadKeys {
  return new LeadKeys(keyPrefix);
}
