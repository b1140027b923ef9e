import { cpuOfAll } from '../measure/sample.ts';
import { readCpu } from '../measure/cpu.ts';
import { pause } from '../measure/wait.ts';
import type { BenchRedis, CommandCounts } from './redis.ts';
import type { ServerSettings, Target } from './target.ts';

/** One way to run the server: alone with its ledger in memory, or as several nodes on one Redis. */
export interface Deployment {
  readonly nodes: readonly [Target, ...Target[]];
  readonly redis: BenchRedis | null;
  stop(): Promise<void>;
}

/** What Redis did in a period. */
export interface RedisUse extends CommandCounts {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** Starts the parts of a deployment. */
interface Starter {
  start(settings: ServerSettings): Promise<Target>;
  startRedis(): Promise<BenchRedis>;
}

/** Two rounds of heartbeats, which nodes send every two seconds for all partitions together. */
const idleSeconds = 4;
const quietLimitMs = 10_000;
const quietStepMs = 200;

/** Departures become due immediately, so that no round pays for the previous one. */
const settings = { graceMs: 0 };

/** A single node, with its ledger in memory. */
export async function single(starter: Starter): Promise<Deployment> {
  const node = await starter.start(settings);
  return { nodes: [node], redis: null, stop: () => node.stop() };
}

/** `count` nodes on their own Redis, which send webhooks to these endpoints; the default is none. */
export async function onRedis(
  starter: Starter,
  count: number,
  webhooks: NonNullable<ServerSettings['webhooks']> = [],
): Promise<Deployment> {
  const redis = await starter.startRedis();
  const nodeSettings = { ...settings, webhooks, redisUrl: redis.url };
  const first = await starter.start(nodeSettings);
  const others: Target[] = [];
  while (others.length + 1 < count) others.push(await starter.start(nodeSettings));
  return {
    nodes: [first, ...others],
    redis,
    stop: async () => {
      await Promise.all([first, ...others].map((node) => node.stop()));
      await redis.stop();
    },
  };
}

/** Reads what Redis has done so far. The returned function returns what it has done since then. */
export async function beginRedisUse(redis: BenchRedis): Promise<() => Promise<RedisUse>> {
  const before = await redis.commands();
  const cpuBefore = readCpu(redis.pid) ?? Number.NaN;
  const startedAt = performance.now();
  return async () => {
    const cpuSeconds = (readCpu(redis.pid) ?? Number.NaN) - cpuBefore;
    const seconds = (performance.now() - startedAt) / 1000;
    const after = await redis.commands();
    return {
      seconds,
      cpuSeconds,
      calls: after.calls - before.calls,
      scripts: after.scripts - before.scripts,
      scriptMicros: after.scriptMicros - before.scriptMicros,
      published: after.published - before.published,
    };
  };
}

/** CPU seconds that the idle nodes use together in a second; 0 if they cannot be read. */
export async function idleCpu(nodes: readonly Target[]): Promise<number> {
  const read = (): number => cpuOfAll(nodes) ?? 0;
  const before = read();
  await pause(idleSeconds * 1000);
  return (read() - before) / idleSeconds;
}

/** What Redis does for idle nodes: heartbeats, and the dispatchers' checks of the outboxes. */
export async function idleUse(redis: BenchRedis): Promise<RedisUse> {
  const end = await beginRedisUse(redis);
  await pause(idleSeconds * 1000);
  return end();
}

/** Waits until the nodes send Redis no more than while they are idle. Returns after 10 s in any case. */
export async function untilQuiet(redis: BenchRedis, idle: RedisUse): Promise<void> {
  const limit = performance.now() + quietLimitMs;
  const enough = (2 * idle.scripts * quietStepMs) / 1000 / idle.seconds + 10;
  for (let previous = -Infinity; performance.now() < limit; await pause(quietStepMs)) {
    const { scripts } = await redis.commands();
    if (scripts - previous <= enough) return;
    previous = scripts;
  }
}

/** `use` minus what idle nodes would have caused in that time. */
export function withoutIdle(use: RedisUse, idle: RedisUse): RedisUse {
  const share = use.seconds / idle.seconds;
  return {
    seconds: use.seconds,
    cpuSeconds: use.cpuSeconds - idle.cpuSeconds * share,
    calls: use.calls - idle.calls * share,
    scripts: use.scripts - idle.scripts * share,
    scriptMicros: use.scriptMicros - idle.scriptMicros * share,
    published: use.published - idle.published * share,
  };
}
