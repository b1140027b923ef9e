import { afterAll, beforeAll } from 'vitest';
import { createRedisClients } from '../../src/store/redis/link/connect.ts';
import { testLedger } from '../contract/ledger.suite.ts';
import { redisLedgerHarness } from '../support/redis/ledger-harness.ts';
import { startRedis, type RedisServer } from '../support/redis/server.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

testLedger(
  'RedisLedger',
  redisLedgerHarness(() =>
    createRedisClients({ location: { kind: 'single', url: redis.url }, silenceMs: 60_000 }),
  ),
);
