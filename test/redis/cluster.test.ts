import { afterAll, beforeAll } from 'vitest';
import { createRedisClients } from '../../src/store/redis/link/connect.ts';
import { testLedger } from '../contract/ledger.suite.ts';
import { startRedisCluster, type RedisCluster } from '../support/redis/cluster.ts';
import { redisLedgerHarness } from '../support/redis/ledger-harness.ts';

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster();
});
afterAll(() => cluster.stop());

testLedger(
  'RedisLedger on a cluster',
  redisLedgerHarness(
    () => createRedisClients({ location: { kind: 'cluster', urls: cluster.urls }, silenceMs: 10_000 }),
    0.05,
  ),
);
