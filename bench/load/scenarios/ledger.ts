import { createHistogram } from 'node:perf_hooks';
import {
  beginRedisUse,
  untilQuiet,
  idleCpu,
  idleUse,
  onRedis,
  single,
  withoutIdle,
  type Deployment,
  type RedisUse,
} from '../deployment.ts';
import { beginSample, pause, type Figure, type Sample } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { channelAuth } from '../signing.ts';
import { DriverSocket, subscribeFrame, unsubscribeFrame } from '../socket.ts';

const socketsPerDeployment = 33;
const joinsAtMost = 2000;
const settleMs = 100;
const afterwardsMs = 400;

/**
 * Asks: what does a join cost when the ledger is on Redis, and how often is Redis asked?
 *
 * Joins of three kinds, by as many sockets as are in flight, each of which joins again when it was confirmed. They are
 * spread over the nodes, and one socket of each node has joined before where the kind says that somebody is there.
 * Leaving is between the rounds and not measured.
 */
export const ledger: Scenario = {
  name: 'ledger',
  question: 'What does a join cost in memory, on Redis, and on Redis with three nodes?',
  needsRedis: true,
  async prepare(start, startRedis) {
    const deployments = [
      await single(start),
      await onRedis(start, startRedis, 1),
      await onRedis(start, startRedis, 3),
    ];
    const benches: Bench[] = [];
    for (const deployment of deployments) benches.push(await connect(deployment));
    return {
      cases: benches.flatMap((bench) =>
        kinds.flatMap((kind) =>
          [1, socketsPerDeployment - bench.deployment.nodes.length].map((inFlight) => ({
            name: `${bench.deployment.name}: ${kind.name}, ${inFlight} in flight`,
            operation: 'join',
            round: (seconds: number) => joinRound(bench, kind, inFlight, seconds),
          })),
        ),
      ),
      close: async () => {
        await Promise.all(benches.flatMap(({ sockets }) => sockets.map((socket) => socket.close())));
        await Promise.all(deployments.map((deployment) => deployment.stop()));
      },
    };
  },
};

/** A kind of join. */
interface Kind {
  readonly name: string;
  readonly prefix: string;
  /** Whether one connection of each node has the channel already. */
  readonly isHeld: boolean;
}

const kinds: readonly Kind[] = [
  { name: 'first of a public channel', prefix: 'first', isHeld: false },
  { name: 'public, held on that node already', prefix: 'held', isHeld: true },
  { name: 'presence, a new member', prefix: 'presence-ledger', isHeld: true },
];

interface Bench {
  readonly deployment: Deployment;
  /** The first of them, one on each node, hold channels before others join; then the others, by turns over the nodes. */
  readonly sockets: readonly DriverSocket[];
  readonly idle: RedisUse | null;
  readonly idleCpuPerSecond: number;
  rounds: number;
}

async function connect(deployment: Deployment): Promise<Bench> {
  const { nodes, redis } = deployment;
  const sockets = await Promise.all(
    Array.from({ length: socketsPerDeployment }, (_, i) =>
      DriverSocket.open(nodes[i % nodes.length] ?? nodes[0]),
    ),
  );
  const idleCpuPerSecond = await idleCpu(nodes);
  return {
    deployment,
    sockets,
    idle: redis === null ? null : await idleUse(redis),
    idleCpuPerSecond,
    rounds: 0,
  };
}

async function joinRound(bench: Bench, kind: Kind, inFlight: number, seconds: number): Promise<Sample> {
  const { deployment, sockets } = bench;
  const holders = sockets.slice(0, deployment.nodes.length);
  const joiners = sockets.slice(holders.length, holders.length + inFlight);
  const names = Array.from({ length: joinsAtMost }, (_, i) => `${kind.prefix}-${bench.rounds}-${i}`);
  bench.rounds += 1;
  const frameOf = (socket: DriverSocket, channel: string): Buffer => {
    const isPresence = channel.startsWith('presence-');
    const auth = isPresence
      ? channelAuth(deployment.nodes[0], socket.id, channel, `user-${socket.id}`)
      : null;
    return subscribeFrame(channel, auth);
  };
  if (kind.isHeld)
    await Promise.all(holders.map((holder) => joinAll(holder, names, (name) => frameOf(holder, name))));
  const plan = joiners.map((socket, lane) =>
    names
      .filter((_, i) => i % joiners.length === lane)
      .map((name) => ({ name, frame: frameOf(socket, name) })),
  );
  await settled(bench);

  const micros = createHistogram();
  const startedAt = performance.now();
  const until = startedAt + seconds * 1000;
  let joined = 0;
  const endRedis = deployment.redis === null ? null : await beginRedisUse(deployment.redis);
  const end = beginSample(...deployment.nodes);
  await Promise.all(
    joiners.map(async (socket, lane) => {
      for (const { frame } of plan[lane] ?? []) {
        const sentAt = performance.now();
        if (sentAt >= until) return;
        await socket.confirm(frame);
        micros.record(Math.max(1, Math.round((performance.now() - sentAt) * 1000)));
        joined += 1;
      }
    }),
  );
  const figures: Figure[] = [
    { name: 'ms until confirmed, p50', value: micros.percentile(50) / 1000 },
    { name: 'ms until confirmed, p99', value: micros.percentile(99) / 1000 },
  ];
  const endedAt = performance.now();
  // What the joins set off goes on for a moment: counts are told every 250 ms, events are dispatched.
  await pause(afterwardsMs);
  await settled(bench);
  const counts = {
    operations: joined,
    accepted: null,
    delivered: null,
    missing: 0,
    duplicated: 0,
    errors: 0,
  };
  const sample = withoutIdleCpu(end({ ...counts, figures }, endedAt), bench, performance.now() - startedAt);
  if (endRedis !== null && bench.idle !== null) {
    figures.push(...figuresOfRedis(withoutIdle(await endRedis(), bench.idle), joined, bench.idle));
  }
  leaveAll(sockets, names);
  await settled(bench);
  return sample;
}

function withoutIdleCpu(sample: Sample, bench: Bench, elapsedMs: number): Sample {
  const { serverCpuSeconds } = sample;
  if (serverCpuSeconds === null) return sample;
  return { ...sample, serverCpuSeconds: serverCpuSeconds - (bench.idleCpuPerSecond * elapsedMs) / 1000 };
}

function figuresOfRedis(use: RedisUse, joins: number, idle: RedisUse): Figure[] {
  return [
    { name: 'script calls per join', value: use.scripts / joins },
    { name: 'µs within Redis scripts per join', value: use.scriptMicros / joins },
    { name: 'µs of Redis CPU per join', value: (use.cpuSeconds / joins) * 1e6 },
    { name: 'script calls a second while idle', value: idle.scripts / idle.seconds },
  ];
}

async function joinAll(
  socket: DriverSocket,
  names: readonly string[],
  frameOf: (name: string) => Buffer,
): Promise<void> {
  for (const name of names) await socket.confirm(frameOf(name));
}

/** Leaving a channel that a socket does not hold does nothing. */
function leaveAll(sockets: readonly DriverSocket[], names: readonly string[]): void {
  const frames = Buffer.concat(names.map(unsubscribeFrame));
  for (const socket of sockets) socket.send(frames);
}

/** What was begun before is over: departures, and the events of both on their way to nobody. */
async function settled(bench: Bench): Promise<void> {
  await pause(settleMs);
  const { redis } = bench.deployment;
  if (redis !== null && bench.idle !== null) await untilQuiet(redis, bench.idle);
}
