import { cpuOfAll } from '../measure/sample.ts';
import { readCpu } from '../measure/cpu.ts';
import { pause } from '../measure/wait.ts';
import type { BenchRedis, CommandCounts } from './redis.ts';
import type { ServerSettings, Target } from './target.ts';

/** One way to run the server: alone with its ledger in memory, or as some nodes on one Redis. */
export interface Deployment {
  readonly nodes: readonly [Target, ...Target[]];
  readonly redis: BenchRedis | null;
  stop(): Promise<void>;
}

/** What Redis did in a while. */
export interface RedisUse extends CommandCounts {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** Starts what a deployment consists of. */
interface Starter {
  start(settings: ServerSettings): Promise<Target>;
  startRedis(): Promise<BenchRedis>;
}

/** Two rounds of the heartbeats, which come every two seconds for all partitions at once. */
const idleSeconds = 4;
const quietLimitMs = 10_000;
const quietStepMs = 200;

/** What is left falls due at once, so that no round pays for the one before. */
const settings = { graceMs: 0 };

/** A single node, with its ledger in memory. */
export async function single(starter: Starter): Promise<Deployment> {
  const node = await starter.start(settings);
  return { nodes: [node], redis: null, stop: () => node.stop() };
}

/** Some nodes on a Redis of their own. */
export async function onRedis(
  starter: Starter,
  count: number,
  given: Pick<ServerSettings, 'webhooks'> = {},
): Promise<Deployment> {
  const redis = await starter.startRedis();
  const start = (): Promise<Target> => starter.start({ ...settings, ...given, redisUrl: redis.url });
  const first = await start();
  const others: Target[] = [];
  while (others.length + 1 < count) others.push(await start());
  return {
    nodes: [first, ...others],
    redis,
    stop: async () => {
      await Promise.all([first, ...others].map((node) => node.stop()));
      await redis.stop();
    },
  };
}

/** Reads what Redis has done so far; the returned function says what it did since then. */
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
      scripts: after.scripts - before.scripts,
      scriptMicros: after.scriptMicros - before.scriptMicros,
      published: after.published - before.published,
    };
  };
}

/** CPU seconds that the nodes together use in a second while nobody uses them; 0 where it cannot be read. */
export async function idleCpu(nodes: readonly Target[]): Promise<number> {
  const read = (): number => cpuOfAll(nodes) ?? 0;
  const before = read();
  await pause(idleSeconds * 1000);
  return (read() - before) / idleSeconds;
}

/** What Redis does for these nodes while nobody uses them: heartbeats, and the dispatcher's looks at the outboxes. */
export async function idleUse(redis: BenchRedis): Promise<RedisUse> {
  const end = await beginRedisUse(redis);
  await pause(idleSeconds * 1000);
  return end();
}

/** Waits until the nodes ask Redis for no more than while they are idle; gives up after 10 s. */
export async function untilQuiet(redis: BenchRedis, idle: RedisUse): Promise<void> {
  const limit = performance.now() + quietLimitMs;
  const enough = (2 * idle.scripts * quietStepMs) / 1000 / idle.seconds + 10;
  for (let previous = -Infinity; performance.now() < limit; await pause(quietStepMs)) {
    const { scripts } = await redis.commands();
    if (scripts - previous <= enough) return;
    previous = scripts;
  }
}

/** `use` without what would have happened in that time anyway. */
export function withoutIdle(use: RedisUse, idle: RedisUse): RedisUse {
  const share = use.seconds / idle.seconds;
  return {
    seconds: use.seconds,
    cpuSeconds: use.cpuSeconds - idle.cpuSeconds * share,
    scripts: use.scripts - idle.scripts * share,
    scriptMicros: use.scriptMicros - idle.scriptMicros * share,
    published: use.published - idle.published * share,
  };
}
