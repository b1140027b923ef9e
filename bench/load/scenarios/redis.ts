import { Churn } from '../driver/churn.ts';
import { barrage } from '../driver/publisher.ts';
import { Receiver } from '../driver/receiver.ts';
import { signTrigger } from '../driver/signing.ts';
import { Subscribers } from '../driver/subscribers.ts';
import { beginSample, nothingLost, type Figure, type Measured, type Sample } from '../measure/sample.ts';
import { onSchedule, pause, settle } from '../measure/wait.ts';
import type { Bench, Case, Opened, Scenario } from '../scenario.ts';
import {
  beginRedisUse,
  idleUse,
  onRedis,
  withoutIdle,
  type Deployment,
  type RedisUse,
} from '../servers/deployment.ts';
import type { BenchRedis } from '../servers/redis.ts';
import { appOf } from '../servers/target.ts';

/** Longer than a node needs to register and to read the current state. */
const settleMs = 3000;
const stallMs = 5000;
const nodeCounts = [1, 3, 10];
const nodesOfEvents = 3;
const messagesPerSecond = 500;
const eventsPerSecond = 500;
const channel = 'bench-redis';
const payload = 'x'.repeat(100);

/**
 * What do nodes request from Redis while idle, for a message and for a webhook event?
 *
 * Each node renews its leases by heartbeats, in each partition, and every node receives the revision of each partition at least once a
 * second. The work of Redis therefore grows with the number of nodes. Three numbers of nodes show by how much. The cost of a message or an
 * event is what Redis does while they arrive, minus what it does for the same nodes while idle.
 */
export const redis: Scenario = {
  name: 'redis',
  question: 'What do nodes request from Redis while idle, for a message and for a webhook event?',
  needs: ['nodes'],
  needsRedis: true,
  // A getter, because the parts of the cases are declared below.
  get cases() {
    return [...nodeCounts.map(idling), ...nodeCounts.map(publishing), events];
  },
  notes: [
    'Use rounds of several seconds, because nodes send their heartbeats together, once per tenth of a lease.',
    'The scenario "ledger" shows what a join costs Redis.',
  ],
};

function idling(count: number): Case {
  return {
    name: `${nodesOf(count)}, no connections`,
    operation: 'second',
    judge: { figure: 'ms of Redis CPU a second' },
    scale: { of: 'nodes', size: count },
    warmUpSeconds: 0,
    open: async (bench) => {
      const deployment = await onRedis(bench, count);
      await pause(settleMs);
      return { round: (seconds) => watch(deployment, seconds), close: () => deployment.stop() };
    },
  };
}

function nodesOf(count: number): string {
  return count === 1 ? '1 node' : `${count} nodes`;
}

/** The CPU is that of all nodes together. */
async function watch({ nodes, redis: server }: Deployment, seconds: number): Promise<Sample> {
  if (server === null) throw new Error('The deployment has no Redis');
  const end = beginSample(...nodes);
  const endRedis = await beginRedisUse(server);
  await pause(seconds * 1000);
  const use = await endRedis();
  const sample = end({ ...nothingLost, operations: seconds });
  const perSecond = (value: number): number => value / use.seconds;
  const nodeCpu = ((sample.serverCpuSeconds ?? Number.NaN) * 1000) / sample.seconds / nodes.length;
  return {
    ...sample,
    figures: [
      { name: 'ms of Redis CPU a second', value: perSecond(use.cpuSeconds * 1000) },
      { name: 'ms of CPU a second of each node', value: nodeCpu },
      { name: 'script calls a second', value: perSecond(use.scripts) },
      { name: 'commands a second, including those of scripts', value: perSecond(use.calls) },
      { name: 'messages published a second', value: perSecond(use.published) },
    ],
  };
}

function publishing(count: number): Case {
  return {
    name: `${nodesOf(count)} with a subscriber each, ${messagesPerSecond} messages/s to their channel`,
    operation: 'message',
    judge: { figure: 'µs of Redis CPU per message' },
    open: (bench) => openMessages(bench, count),
  };
}

async function openMessages(bench: Bench, count: number): Promise<Opened> {
  const deployment = await onRedis(bench, count);
  const { nodes, redis: server } = deployment;
  if (server === null) throw new Error('The deployment has no Redis');
  const groups = await Promise.all(nodes.map((node) => Subscribers.join(node, channel, 1, payload.length)));
  await pause(settleMs);
  await pause(settleMs);
  const idle = await idleUse(server);
  return {
    round: (seconds) => publish({ ...deployment, redis: server, groups, idle }, seconds),
    close: async () => {
      await Promise.all(groups.map((group) => group.close()));
      await deployment.stop();
    },
  };
}

interface Messages {
  readonly nodes: Deployment['nodes'];
  readonly redis: BenchRedis;
  readonly groups: readonly Subscribers[];
  readonly idle: RedisUse;
}

async function publish({ nodes, redis: server, groups, idle }: Messages, seconds: number): Promise<Sample> {
  for (const group of groups) group.startRound();
  const end = beginSample(...nodes);
  const endRedis = await beginRedisUse(server);
  const { sent, accepted, refused } = await barrage(nodes[0], [signTrigger(nodes[0], channel, payload)], {
    connections: 4,
    seconds,
    perSecond: messagesPerSecond,
  });
  const endings = await Promise.all(groups.map((group) => group.drain(accepted, sent)));
  const use = withoutIdle(await endRedis(), idle);
  const sum = (pick: (group: Subscribers) => number): number =>
    groups.reduce((all, group) => all + pick(group), 0);
  const outcome = {
    operations: accepted,
    accepted,
    delivered: sum((group) => group.delivered),
    missing: sum((group) => group.missing(accepted)),
    duplicated: sum((group) => group.beyond(sent)),
    errors: refused,
    figures: figuresOf(use, accepted, 'message'),
  };
  return end(outcome, Math.max(...endings));
}

const events: Case = {
  name: `${nodesOf(nodesOfEvents)}, ${eventsPerSecond} webhook events/s of churn at one node`,
  operation: 'event',
  judge: { figure: 'µs of Redis CPU per event' },
  open: openChurn,
};

interface Events {
  readonly nodes: readonly Measured[];
  readonly redis: BenchRedis;
  readonly receiver: Receiver;
  readonly churn: Churn;
  readonly idle: RedisUse;
}

async function openChurn(bench: Bench): Promise<Opened> {
  const receiver = new Receiver(appOf(0).secret);
  const webhooks = [{ url: await receiver.listen(), eventTypes: ['channel_occupied', 'channel_vacated'] }];
  const deployment = await onRedis(bench, nodesOfEvents, webhooks);
  const { nodes, redis: server } = deployment;
  if (server === null) throw new Error('The deployment has no Redis');
  const churn = await Churn.connect(nodes[0], 1);
  await pause(settleMs);
  await pause(settleMs);
  const idle = await idleUse(server);
  return {
    round: (seconds) => measureChurn({ nodes, redis: server, receiver, churn, idle }, seconds),
    close: async () => {
      await churn.close();
      await deployment.stop();
      await receiver.close();
    },
  };
}

async function measureChurn(load: Events, seconds: number): Promise<Sample> {
  const { nodes, redis: server, receiver, churn, idle } = load;
  receiver.startRound();
  const droppedBefore = churn.dropped;
  let caused = 0;
  const end = beginSample(...nodes);
  const endRedis = await beginRedisUse(server);
  // Each pair causes two events.
  await onSchedule({ perSecond: eventsPerSecond / 2, seconds }, () => (caused += churn.next().events));
  const endedAt = await settle(
    () => receiver.events >= caused,
    () => receiver.events,
    stallMs,
  );
  const use = withoutIdle(await endRedis(), idle);
  const { events: received, repeatedEvents, badSignatures } = receiver;
  const outcome = {
    operations: received,
    accepted: null,
    delivered: received,
    missing: Math.max(0, caused - received),
    duplicated: repeatedEvents + Math.max(0, received - caused),
    errors: badSignatures + churn.dropped - droppedBefore,
    figures: figuresOf(use, received, 'event'),
  };
  return end(outcome, endedAt);
}

function figuresOf(use: RedisUse, operations: number, operation: string): Figure[] {
  return [
    { name: `µs of Redis CPU per ${operation}`, value: (use.cpuSeconds / operations) * 1e6 },
    { name: `script calls per ${operation}`, value: use.scripts / operations },
    { name: `commands per ${operation}, including those of scripts`, value: use.calls / operations },
  ];
}
