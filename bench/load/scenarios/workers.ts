import { originOf } from '../driver/address.ts';
import { barrage, Publisher } from '../driver/publisher.ts';
import { signTrigger } from '../driver/signing.ts';
import { Subscribers } from '../driver/subscribers.ts';
import { onePerTick } from '../driver/deliveries.ts';
import { readThreads } from '../measure/cpu.ts';
import { beginSample, nothingLost, type Sample } from '../measure/sample.ts';
import { pause } from '../measure/wait.ts';
import { connectionsOfWorkers, unevenness } from '../measure/workers.ts';
import type { Bench, Case, Opened, Scenario, Wanted } from '../scenario.ts';
import type { Target } from '../servers/target.ts';
import { openStorm } from './connect-subscribe.ts';
import { eightInFlight, openFanOut } from './fan-out.ts';
import { openBarrage } from './http-trigger.ts';

const two = 'emulator+workers2';
const payload = 'x'.repeat(100);
const connections = 1000;
/** The number of connections, one after the other, that are used to find the serving threads. */
const probes = 16;
const probeRequests = 100;
const idleMs = 1000;

/**
 * What do two workers cost, compared with one thread that does the same?
 *
 * The cases run loads of other scenarios on the plain emulator and with two workers. The CPU is that of all
 * threads together. To find out which threads are workers, the bench sends requests on several connections and looks which thread is busy.
 */
export const workers: Scenario = {
  name: 'workers',
  question: 'What do two workers cost, compared with one thread that does the same?',
  needs: ['nodes'],
  needsOne: {
    ability: 'workers',
    otherwise: `None of the targets has workers. Add one, for example with --targets emulator,${two}.`,
  },
  cases: [
    {
      name: '1,000 subscribers, 100 B, 8 in flight',
      operation: 'delivery',
      wanted: timesOne(1.1),
      open: balanced((bench) => openFanOut(bench, 1000, 100, eightInFlight)),
    },
    {
      name: '1,000 subscribers, 100 B, one at a time, 20/s',
      operation: 'delivery',
      wanted: timesOne(1.1),
      open: balanced((bench) =>
        openFanOut(bench, 1000, 100, (load, seconds) => onePerTick(load, 20, seconds)),
      ),
    },
    {
      name: 'HTTP trigger, no subscribers, 32 connections',
      operation: 'request',
      wanted: timesOne(1.25),
      open: balanced((bench) =>
        openBarrage(bench, (target) => signTrigger(target, 'bench-nobody', payload), 0),
      ),
    },
    {
      name: 'connect and subscribe public',
      operation: 'connection',
      wanted: timesOne(1.3),
      open: balanced((bench) => openStorm(bench, () => 'bench-connect')),
    },
    {
      name: 'connect and subscribe presence, alone on a channel',
      operation: 'connection',
      wanted: timesOne(1.3),
      open: balanced((bench) => openStorm(bench, (index) => `presence-bench-${index}`)),
    },
    unconcernedWorker(),
    spread(),
  ],
  notes: [
    'On one core, or if the driver shares the cores of the servers, compare workers by CPU per operation and not by rates.',
    'The cost of a message for a worker without subscribers of the channel is the CPU of its thread while another worker receives all requests, minus what it uses while idle.',
  ],
};

function timesOne(atMost: number): Wanted {
  return { of: two, timesOther: { target: 'emulator', atMost } };
}

/** Adds to each round how evenly the serving threads were busy. */
function balanced(open: (bench: Bench) => Promise<Opened>): (bench: Bench) => Promise<Opened> {
  return async (bench) => {
    const started: Target[] = [];
    const opened = await open({
      ...bench,
      start: async (settings) => {
        const target = await bench.start(settings);
        started.push(target);
        return target;
      },
    });
    const [target] = started;
    if (target === undefined) throw new Error('The case started no server');
    const threads = await servingThreads(target);
    return {
      ...opened,
      round: async (seconds) => {
        const end = beginThreads(target);
        const sample = await opened.round(seconds);
        const used = end();
        const value = unevenness([...threads].map((thread) => used.get(thread) ?? 0));
        const figures = [
          ...(sample.figures ?? []),
          { name: 'CPU of the busiest serving thread, divided by the mean', value },
          { name: 'serving threads', value: threads.size },
        ];
        return { ...sample, figures };
      },
    };
  };
}

function unconcernedWorker(): Case {
  return {
    name: 'a message to a channel without subscribers on a worker',
    operation: 'message',
    needs: ['workers'],
    judge: { figure: 'µs of CPU of a worker without subscribers' },
    wanted: { of: two, atMost: 0.1 },
    open: async (bench) => {
      const target = await bench.start({});
      const threads = await servingThreads(target);
      return {
        pid: target.pid,
        round: (seconds) => measureOthers(target, threads, seconds),
        close: () => target.stop(),
      };
    },
  };
}

async function measureOthers(target: Target, threads: ReadonlySet<string>, seconds: number): Promise<Sample> {
  const idle = beginThreads(target);
  await pause(idleMs);
  const idleUse = idle();
  const end = beginSample(target);
  const endThreads = beginThreads(target);
  const { accepted, refused } = await barrage(target, [signTrigger(target, 'bench-nobody', payload)], {
    connections: 1,
    seconds,
  });
  const use = endThreads();
  const sample = end({ ...nothingLost, operations: accepted, accepted, errors: refused });
  const net = [...threads].map(
    (thread) => (use.get(thread) ?? 0) - ((idleUse.get(thread) ?? 0) * sample.seconds * 1000) / idleMs,
  );
  // The busiest worker received the requests.
  const others = net.toSorted((a, b) => b - a).slice(1);
  const mean = others.reduce((sum, one) => sum + one, 0) / others.length;
  return {
    ...sample,
    figures: [
      { name: 'µs of CPU of a worker without subscribers', value: (mean / accepted) * 1e6 },
      { name: 'serving threads', value: threads.size },
    ],
  };
}

/** The threads that serve requests: for each of several connections, the thread that was busiest during its requests. */
async function servingThreads(target: Target): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const request = signTrigger(target, 'bench-nobody', payload);
  for (let probe = 0; probe < probes; probe += 1) {
    const publisher = new Publisher(target, 1);
    const end = beginThreads(target);
    for (let sent = 0; sent < probeRequests; sent += 1) await publisher.post(request);
    const [busiest] = [...end()].toSorted(([, a], [, b]) => b - a);
    if (busiest !== undefined) found.add(busiest[0]);
    await publisher.close();
  }
  return found;
}

/** Reads the CPU of each thread now. The returned function returns what each thread has used since then. */
function beginThreads({ pid }: Target): () => ReadonlyMap<string, number> {
  const before = readThreads(pid);
  return () =>
    new Map([...readThreads(pid)].map(([thread, seconds]) => [thread, seconds - (before.get(thread) ?? 0)]));
}

function spread(): Case {
  return {
    name: `spread of ${connections.toLocaleString('en')} connections over the workers`,
    operation: 'connection',
    needs: ['workers'],
    judge: { figure: 'connections of the worker with the most, divided by the mean' },
    wanted: { of: two, atMost: 1.5 },
    warmUpSeconds: 0,
    open: openSpread,
  };
}

async function openSpread(bench: Bench): Promise<Opened> {
  const target = await bench.start({});
  return {
    pid: target.pid,
    round: async () => {
      const end = beginSample(target);
      const group = await Subscribers.join(target, 'bench-spread', connections, 1);
      const sample = end({ ...nothingLost, operations: connections, errors: group.dropped });
      const answer = await fetch(`${originOf(target)}/metrics`);
      const counts = connectionsOfWorkers(await answer.text());
      await group.close();
      const figures = [
        { name: 'connections of the worker with the most, divided by the mean', value: unevenness(counts) },
        { name: 'workers', value: counts.length },
      ];
      return { ...sample, figures };
    },
    close: () => target.stop(),
  };
}
