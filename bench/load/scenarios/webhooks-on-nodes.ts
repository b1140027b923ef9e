import { Churn } from '../driver/churn.ts';
import { originOf } from '../driver/address.ts';
import { Receiver } from '../driver/receiver.ts';
import { readCpu } from '../measure/cpu.ts';
import type { Sample } from '../measure/sample.ts';
import { pause } from '../measure/wait.ts';
import type { Bench, Case, Opened, Scenario } from '../scenario.ts';
import { onRedis } from '../servers/deployment.ts';
import { appOf, type Target } from '../servers/target.ts';
import { keepInFlight } from './webhooks-in-flight.ts';

const pairsPerWrite = 10;
const shareLimitMs = 20_000;
const lookMs = 200;

/**
 * What does one webhook event cost all nodes together, and how is the work shared?
 *
 * Sockets on all nodes take turns to subscribe to a channel and unsubscribe immediately, with a grace period of 0, as in `webhooks`. Each node
 * sends the webhooks of its share of the channels, no matter which nodes their clients are on.
 */
export const webhooksOnNodes: Scenario = {
  name: 'webhooks-on-nodes',
  question: 'What does one webhook event cost all nodes on Redis together, and how is the work shared?',
  needs: ['nodes', 'webhooks'],
  needsRedis: true,
  cases: [churnOn(1), churnOn(3)],
  notes: ['In old versions, one node sends all webhooks, which the figure of the busiest node shows.'],
};

function churnOn(count: number): Case {
  return {
    name: `Redis, ${count === 1 ? '1 node' : `${count} nodes`}: occupied and vacated`,
    operation: 'event',
    turns: 'webhooks-on-nodes',
    open: (bench) => open(bench, count),
  };
}

async function open(bench: Bench, count: number): Promise<Opened> {
  const receiver = new Receiver(appOf(0).secret);
  const eventTypes = ['channel_occupied', 'channel_vacated'];
  const endpoint = { url: await receiver.listen(), eventTypes };
  const deployment = await onRedis(bench, count, [endpoint]);
  const { nodes } = deployment;
  await untilShared(nodes);
  const churns = await Promise.all(
    nodes.map((node, index) => Churn.connect(node, pairsPerWrite, `node-${index}-`)),
  );
  let turn = 0;
  const cause = (): number => churns[(turn += 1) % churns.length]?.next().events ?? 0;
  const dropped = (): number => churns.reduce((sum, churn) => sum + churn.dropped, 0);
  return {
    round: async (seconds) => {
      const before = nodes.map(({ pid }) => readCpu(pid));
      const sample = await keepInFlight({ servers: nodes, receiver, cause, dropped }, seconds);
      return withShares(sample, nodes, before);
    },
    close: async () => {
      await Promise.all(churns.map((churn) => churn.close()));
      await deployment.stop();
      await receiver.close();
    },
  };
}

/** Adds how much more CPU the busiest node used than the mean. */
function withShares(sample: Sample, nodes: readonly Target[], before: readonly (number | null)[]): Sample {
  const used = nodes.map(({ pid }, index) => (readCpu(pid) ?? 0) - (before[index] ?? 0));
  const mean = used.reduce((sum, one) => sum + one, 0) / used.length;
  const busiest = { name: 'busiest node, times the mean', value: Math.max(...used) / mean };
  return { ...sample, figures: [...(sample.figures ?? []), busiest] };
}

/** Waits until each node sends its share, if the nodes report their partitions. */
async function untilShared(nodes: readonly Target[]): Promise<void> {
  const giveUpAt = performance.now() + shareLimitMs;
  while (performance.now() < giveUpAt) {
    const shares = await Promise.all(nodes.map(partitionsOf));
    const known = shares.flatMap((share) => share ?? []);
    if (known.length < shares.length || Math.min(...known) >= Math.floor(64 / nodes.length)) return;
    await pause(lookMs);
  }
  throw new Error(`The nodes did not share the webhooks within ${shareLimitMs} ms`);
}

async function partitionsOf(node: Target): Promise<number | undefined> {
  const health: unknown = await (await fetch(`${originOf(node)}/healthz`)).json();
  if (typeof health !== 'object' || health === null || !('partitions' in health)) return undefined;
  return Number(health.partitions);
}
