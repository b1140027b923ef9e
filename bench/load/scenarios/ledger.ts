import { channelAuth } from '../driver/signing.ts';
import { DriverSocket, subscribeFrame, unsubscribeFrame } from '../driver/socket.ts';
import { Latencies } from '../measure/latencies.ts';
import { beginSample, nothingLost, type Figure, type Sample } from '../measure/sample.ts';
import { pause } from '../measure/wait.ts';
import type { Bench, Case, Opened, Scenario } from '../scenario.ts';
import {
  beginRedisUse,
  idleCpu,
  idleUse,
  onRedis,
  single,
  untilQuiet,
  withoutIdle,
  type Deployment,
  type RedisUse,
} from '../servers/deployment.ts';

const manyInFlight = 30;
const joinsAtMost = 2000;
const settleMs = 100;
const afterwardsMs = 400;

/**
 * What does a join cost when the ledger is on Redis, and how often does it call Redis?
 *
 * There are three kinds of joins. As many sockets join as are in flight, and each joins the next channel when the previous join was confirmed.
 * They are spread over the nodes. For the kinds with `isHeld`, one socket of each node has joined before.
 * The sockets leave between the rounds, which is not measured.
 */
export const ledger: Scenario = {
  name: 'ledger',
  question: 'What does a join cost in memory, on Redis, and on Redis with three nodes?',
  needs: ['nodes'],
  needsRedis: true,
  // A getter, because the parts of the cases are declared below.
  get cases() {
    return kinds.flatMap((kind) =>
      [1, manyInFlight].flatMap((inFlight) => deployments.map((setup) => joining(kind, inFlight, setup))),
    );
  },
  notes: [
    'The CPU is that of all nodes until counts are sent and events dispatched, minus the cost of heartbeats. Redis shares their core.',
    'There are no webhook endpoints: the second script call settles an event without recipients.',
  ],
};

/** A kind of join. */
interface Kind {
  readonly name: string;
  readonly prefix: string;
  /** Whether one connection of each node has already subscribed to the channel. */
  readonly isHeld: boolean;
}

const kinds: readonly Kind[] = [
  { name: 'first of a public channel', prefix: 'first', isHeld: false },
  { name: 'public, held on that node already', prefix: 'held', isHeld: true },
  { name: 'presence, a new member', prefix: 'presence-ledger', isHeld: true },
];

interface Setup {
  readonly name: string;
  readonly deploy: (bench: Bench) => Promise<Deployment>;
}

const deployments: readonly Setup[] = [
  { name: 'memory', deploy: (bench) => single(bench) },
  { name: 'Redis, 1 node', deploy: (bench) => onRedis(bench, 1) },
  { name: 'Redis, 3 nodes', deploy: (bench) => onRedis(bench, 3) },
];

function joining(kind: Kind, inFlight: number, setup: Setup): Case {
  return {
    name: `${kind.name}, ${inFlight} in flight: ${setup.name}`,
    operation: 'join',
    turns: `${kind.name}, ${inFlight}`,
    open: async (bench) => open(await setup.deploy(bench), kind, inFlight),
  };
}

interface Load {
  readonly deployment: Deployment;
  /** The first sockets, one on each node, can hold channels before others join. The others take turns over the nodes. */
  readonly sockets: readonly DriverSocket[];
  readonly idle: RedisUse | null;
  readonly idleCpuPerSecond: number;
  rounds: number;
}

async function open(deployment: Deployment, kind: Kind, inFlight: number): Promise<Opened> {
  const { nodes, redis } = deployment;
  const sockets = await Promise.all(
    Array.from({ length: nodes.length + inFlight }, (_, i) =>
      DriverSocket.open(nodes[i % nodes.length] ?? nodes[0]),
    ),
  );
  const [idleCpuPerSecond, idle] = await Promise.all([
    idleCpu(nodes),
    redis === null ? null : idleUse(redis),
  ]);
  const load: Load = { deployment, sockets, idle, idleCpuPerSecond, rounds: 0 };
  return {
    round: (seconds) => joinRound(load, kind, seconds),
    close: async () => {
      await Promise.all(sockets.map((socket) => socket.close()));
      await deployment.stop();
    },
  };
}

async function joinRound(load: Load, kind: Kind, seconds: number): Promise<Sample> {
  const { deployment, sockets } = load;
  const holders = sockets.slice(0, deployment.nodes.length);
  const joiners = sockets.slice(holders.length);
  const names = Array.from({ length: joinsAtMost }, (_, i) => `${kind.prefix}-${load.rounds}-${i}`);
  load.rounds += 1;
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
  await settled(load);

  const latencies = new Latencies();
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
        latencies.record(performance.now() - sentAt);
        joined += 1;
      }
    }),
  );
  const endedAt = performance.now();
  // The effects of the joins continue: nodes send counts every 250 ms and dispatch events.
  await pause(afterwardsMs);
  await settled(load);
  const outcome = { ...nothingLost, operations: joined, latency: latencies.percentiles() };
  const sample = withoutIdleCpu(end(outcome, endedAt), load, performance.now() - startedAt);
  const figures =
    endRedis === null || load.idle === null
      ? []
      : figuresOfRedis(withoutIdle(await endRedis(), load.idle), joined, load.idle);
  leaveAll(sockets, names);
  await settled(load);
  return { ...sample, figures };
}

function withoutIdleCpu(sample: Sample, load: Load, elapsedMs: number): Sample {
  const { serverCpuSeconds } = sample;
  if (serverCpuSeconds === null) return sample;
  return { ...sample, serverCpuSeconds: serverCpuSeconds - (load.idleCpuPerSecond * elapsedMs) / 1000 };
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

/** Unsubscribes all sockets; unsubscribing from a channel without a subscription has no effect. */
function leaveAll(sockets: readonly DriverSocket[], names: readonly string[]): void {
  const frames = Buffer.concat(names.map(unsubscribeFrame));
  for (const socket of sockets) socket.send(frames);
}

/** Waits until departures and the dispatch of events are complete. */
async function settled(load: Load): Promise<void> {
  await pause(settleMs);
  const { redis } = load.deployment;
  if (redis !== null && load.idle !== null) await untilQuiet(redis, load.idle);
}
