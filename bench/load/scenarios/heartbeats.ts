import { beginSample, nothingLost, type Sample } from '../measure/sample.ts';
import { pause } from '../measure/wait.ts';
import type { Case, Scenario } from '../scenario.ts';
import { beginRedisUse, onRedis, type Deployment } from '../servers/deployment.ts';

/** Longer than a node needs to register and to read what there is. */
const settleMs = 3000;

/**
 * Asks: what do nodes cost Redis, and each other, while nothing happens?
 *
 * Each node keeps its leases by heartbeats, one for each of the partitions, and every node hears all of them: what Redis does
 * grows with the number of nodes, what it sends with its square. The cases are made to find both factors.
 */
export const heartbeats: Scenario = {
  name: 'heartbeats',
  question: 'What do nodes cost Redis, and each other, while nothing happens?',
  needs: ['nodes'],
  needsRedis: true,
  cases: [1, 3, 10].map((count): Case => ({
    name: `${count} node${count === 1 ? '' : 's'}, nobody connected`,
    operation: 'second',
    judge: { figure: 'ms of Redis CPU a second' },
    scale: { of: 'nodes', size: count },
    warmUpSeconds: 0,
    open: async (bench) => {
      const deployment = await onRedis(bench, count);
      await pause(settleMs);
      return { round: (seconds) => watch(deployment, seconds), close: () => deployment.stop() };
    },
  })),
  notes: ['Take rounds of several seconds: heartbeats come together, once in a tenth of a lease.'],
};

/** The CPU is that of all nodes together. */
async function watch({ nodes, redis }: Deployment, seconds: number): Promise<Sample> {
  if (redis === null) throw new Error('There is no Redis to look at');
  const end = beginSample(...nodes);
  const endRedis = await beginRedisUse(redis);
  await pause(seconds * 1000);
  const use = await endRedis();
  const sample = end({ ...nothingLost, operations: seconds });
  const aSecond = (value: number): number => value / use.seconds;
  return {
    ...sample,
    figures: [
      { name: 'ms of Redis CPU a second', value: aSecond(use.cpuSeconds * 1000) },
      {
        name: 'ms of CPU a second of each node',
        value: ((sample.serverCpuSeconds ?? Number.NaN) * 1000) / sample.seconds / nodes.length,
      },
      { name: 'script calls a second', value: aSecond(use.scripts) },
      { name: 'commands a second, those of scripts included', value: aSecond(use.calls) },
      { name: 'messages published a second', value: aSecond(use.published) },
    ],
  };
}
