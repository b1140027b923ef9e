import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createRedisClients } from '../../src/store/redis/link/connect.ts';
import { PartitionKeys } from '../../src/store/redis/keys.ts';
import { RedisLink } from '../../src/store/redis/link/link.ts';
import { systemClock } from '../../src/system/clock.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';

const leaseMs = 10_000;

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** The scripts of one partition as nodes call them, one after the other, on the test's clock. */
async function partition(keyPrefix: string) {
  const clients = createRedisClients({ location: { kind: 'single', url: redis.url }, silenceMs: 60_000 });
  const link = new RedisLink(clients);
  onTestFinished(() => link.close());
  await link.ready(systemClock, 10_000);
  const keys = new PartitionKeys(keyPrefix, 0);
  const { state, nodes, due, topic } = keys;
  let at = 1_700_000_000_000;
  const steps = new Map<string, number>();
  return {
    topic,
    passes: (ms: number) => void (at += ms),
    register: (epoch: string, former = '') =>
      link.run('register', [state, nodes], [at, topic, epoch, former, leaseMs, 'word', 0, '', 0]),
    async beat(epoch: string) {
      const reply = await link.run('heartbeat', [state, nodes, due], [at, topic, epoch, 0, leaseMs, 0]);
      return { dueMs: reply[1], isAwaited: reply[5] === 1 };
    },
    /** Something is due by now. */
    linger: () => link.commands.zadd(due, at, '1\nroom'),
    async connections(epoch: string, ...args: (string | number)[]) {
      const number = (steps.get(epoch) ?? 0) + 1;
      steps.set(epoch, number);
      const own = [state, keys.held(epoch), keys.connections('1')];
      const [status] = await link.run('connections', own, [at, topic, '1', epoch, number, ...args]);
      return status;
    },
  };
}

test('other nodes wait for a node that registers again after an outage until its second heartbeat', async () => {
  const { passes, register, beat, linger } = await partition('anew:');
  await register('a.1');
  await register('b.1');
  await beat('a.1');
  await linger();
  passes(5000);
  // Each has something to assert between its registration, or an earlier heartbeat, and the next heartbeat.
  expect(await beat('a.1')).toEqual({ dueMs: -1, isAwaited: true });
  expect(await beat('a.1')).toEqual({ dueMs: -1, isAwaited: false });
  await register('b.2', 'b.1');
  expect(await beat('a.1')).toEqual({ dueMs: -1, isAwaited: false });
  expect(await beat('b.2')).toEqual({ dueMs: -1, isAwaited: true });
  expect(await beat('b.2')).toEqual({ dueMs: 0, isAwaited: false });
  expect(await beat('a.1')).toEqual({ dueMs: 0, isAwaited: false });
});

test('no node waits for a node that registers at another time', async () => {
  const { register, beat, linger } = await partition('usual:');
  await register('a.1');
  await beat('a.1');
  await linger();
  await register('a.2', 'a.1');
  expect(await beat('a.2')).toEqual({ dueMs: 0, isAwaited: false });
});

test('the connections of a node that registers again are never counted twice', async () => {
  const { register, connections } = await partition('twice:');
  await register('a.1');
  expect(await connections('a.1', 'set', 3, '', '')).toBe('ok');
  await register('a.2', 'a.1');
  expect(await connections('a.2', 'set', 3, '', 'a.1')).toBe('ok');
  expect(await connections('a.2', 'add', 1, 4, '')).toBe('ok');
  expect(await connections('a.2', 'add', 1, 4, '')).toBe('over');
});

test('nodes receive the revision once in an interval, and not from each other node', async () => {
  const { topic, passes, register, beat } = await partition('spoken:');
  const listener = new Redis(redis.url);
  onTestFinished(() => listener.disconnect());
  let received = 0;
  listener.on('smessage', () => (received += 1));
  await listener.ssubscribe(topic);
  const epochs = ['a.1', 'b.1', 'c.1'];
  for (const epoch of epochs) await register(epoch);
  await listener.ping();
  received = 0;
  for (let interval = 1; interval <= 5; interval += 1) {
    for (const epoch of epochs) await beat(epoch);
    await listener.ping();
    expect(received).toBe(interval);
    passes(leaseMs / 10);
  }
});
