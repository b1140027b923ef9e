import { channelAuth } from '../driver/signing.ts';
import { DriverSocket, subscribeFrame } from '../driver/socket.ts';
import { readCpu } from '../measure/cpu.ts';
import { beginSample, type Sample } from '../measure/sample.ts';
import { pause, settle } from '../measure/wait.ts';
import type { Bench, Opened, Scenario } from '../scenario.ts';
import type { Target } from '../servers/target.ts';

const channel = 'presence-bench-storm';
const size = 1000;
const stallMs = 5000;
const quietStepMs = 50;
/** Long enough that a server that waits for its core does not look finished. */
const quietMs = 400;
const quietCpuSeconds = 0.002;
const quietLimitMs = 20_000;

/** Each join notifies all earlier subscribers, and each subscriber receives its confirmation with the list of members. */
const framesOfJoins = (size * (size - 1)) / 2 + size;

const cpuOfJoins = 'ms of server CPU for 1,000 joins';
const cpuOfLeaves = 'ms of server CPU until all are gone';

/**
 * What does it cost when 1,000 users join one presence channel together, and when all of them leave together?
 *
 * The connections are open before the round. All of them subscribe at the same time. The round ends when each has
 * been notified of all later joins. Then all connections close at the same time.
 */
export const presenceStorm: Scenario = {
  name: 'presence-storm',
  question: 'What does it cost when 1,000 users join one presence channel together, and leave it together?',
  cases: [
    {
      name: '1,000 joins at once',
      operation: 'join',
      judge: { figure: cpuOfJoins },
      wanted: { timesRaw: 1.3 },
      warmUpSeconds: 1,
      open: (bench) => open(bench, (made) => made.joins),
    },
    {
      name: '1,000 connections closed at once',
      operation: 'leave',
      judge: { figure: cpuOfLeaves },
      wanted: { atMost: 80 },
      warmUpSeconds: 1,
      open: (bench) => open(bench, (made) => made.leaves),
    },
  ],
  notes: [
    `1,000 joins are ${framesOfJoins.toLocaleString('en-US')} frames, and the lists of members grow to about 30 KB. The driver reads all of them.`,
  ],
};

interface Storm {
  readonly joins: Sample;
  readonly leaves: Sample;
}

async function open(bench: Bench, pick: (made: Storm) => Sample): Promise<Opened> {
  const target = await bench.start({});
  return {
    pid: target.pid,
    round: async () => pick(await storm(target)),
    close: () => target.stop(),
  };
}

async function storm(target: Target): Promise<Storm> {
  const sockets = await openAll(target);
  const frames = sockets.map((socket, index) =>
    subscribeFrame(channel, channelAuth(target, socket.id, channel, `user-${index}`)),
  );
  const count = { delivered: 0, dropped: 0 };
  for (const socket of sockets) {
    socket.onText = () => (count.delivered += 1);
    socket.onDrop = () => (count.dropped += 1);
  }
  const end = beginSample(target);
  const startedAt = performance.now();
  for (const [index, socket] of sockets.entries()) socket.send(frames[index] ?? Buffer.alloc(0));
  const endedAt = await settle(
    () => count.delivered >= framesOfJoins,
    () => count.delivered,
    stallMs,
  );
  const sample = end(
    {
      operations: size,
      accepted: null,
      delivered: count.delivered,
      missing: Math.max(0, framesOfJoins - count.delivered),
      duplicated: Math.max(0, count.delivered - framesOfJoins),
      errors: count.dropped,
    },
    endedAt,
  );
  const joins = withFigures(sample, cpuOfJoins, {
    'ms until all members know all others': endedAt - startedAt,
  });
  return { joins, leaves: await leave(target, sockets) };
}

/** Closes all connections, and waits until the server has processed this. */
async function leave(target: Target, sockets: readonly DriverSocket[]): Promise<Sample> {
  const end = beginSample(target);
  await Promise.all(sockets.map((socket) => socket.close()));
  const quietAt = await untilQuiet(target.pid);
  const outcome = { accepted: null, delivered: null, missing: 0, duplicated: 0, errors: 0 };
  return withFigures(end({ ...outcome, operations: size }, quietAt), cpuOfLeaves, {});
}

/** Waits until the process has hardly used its core for a while. Resolves to the last time at which it used it. */
async function untilQuiet(pid: number | undefined): Promise<number> {
  const limit = performance.now() + quietLimitMs;
  let workedAt = performance.now();
  let before = readCpu(pid) ?? 0;
  while (performance.now() - workedAt < quietMs && performance.now() < limit) {
    await pause(quietStepMs);
    const now = readCpu(pid) ?? 0;
    if (now - before >= quietCpuSeconds) workedAt = performance.now();
    before = now;
  }
  return workedAt;
}

function withFigures(sample: Sample, ofCpu: string, others: Readonly<Record<string, number>>): Sample {
  const cpu = sample.serverCpuSeconds;
  const figures = [
    ...(cpu === null ? [] : [{ name: ofCpu, value: cpu * 1000 }]),
    ...Object.entries(others).map(([name, value]) => ({ name, value })),
  ];
  return { ...sample, figures };
}

async function openAll(target: Target): Promise<DriverSocket[]> {
  const sockets: DriverSocket[] = [];
  while (sockets.length < size) {
    const wave = Array.from({ length: Math.min(50, size - sockets.length) }, () => DriverSocket.open(target));
    sockets.push(...(await Promise.all(wave)));
  }
  return sockets;
}
