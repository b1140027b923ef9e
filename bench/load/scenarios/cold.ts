import { onePerTick } from '../driver/deliveries.ts';
import { DriverSocket } from '../driver/socket.ts';
import { Latencies } from '../measure/latencies.ts';
import { beginSample, nothingLost, type Sample } from '../measure/sample.ts';
import { onSchedule, pause } from '../measure/wait.ts';
import type { Ability } from '../servers/target.ts';
import type { Bench, Case, Opened, Scenario, Wanted } from '../scenario.ts';
import { subscriptionOf } from './connect-subscribe.ts';
import { openFanOut } from './fan-out.ts';
import { openPacedTrigger } from './http-trigger.ts';
import { openClientEvents } from './webhooks-client-events.ts';
import { keepPace } from './webhooks-in-flight.ts';
import { openPacedChurn } from './webhooks-paced.ts';

const restMs = 1000;
const firstSeconds = 2;
const subscribers = 1000;
const belowSockudo: Wanted = { timesOther: { target: 'sockudo', atMost: 0.9 } };

/**
 * What do operations cost on a server that has little to do, and on one that has just started?
 *
 * At 10 % load, operations arrive one at a time, at a rate that keeps the slowest target busy for about a tenth of the time. The server
 * cannot combine them, and between two of them caches go cold and threads go to sleep. The cases for the first two seconds
 * send the same operations to a new process in each round, which has been ready for one second. Its code is not compiled yet.
 */
export const cold: Scenario = {
  name: 'cold',
  question: 'What do operations cost at 10 % load, and in the first two seconds after the start?',
  // A getter, because the parts of the cases are declared below.
  get cases() {
    return [...operations.map(atTenPercent), ...operations.map(inFirstSeconds)];
  },
  notes: [
    'Each case offers all targets the same fixed rate, which is part of its name.',
    'Webhook churn uses the default grace period of each server: 3 s in the emulator and (not configurable) in Sockudo, none in raw and soketi. The CPU counts until the last webhook has arrived, so it includes what the server does meanwhile.',
    'Sockudo checks for events every 50 ms and puts up to 100 into a POST; the emulator puts up to 20 into a POST after at most 250 ms, as Pusher documents.',
    'In the cases for the first two seconds, subscribers and senders connect first, and the server then rests for a second. Each round starts a new process.',
  ],
};

/** An operation at a rate that every server can handle. */
interface Operation {
  readonly name: string;
  readonly counted: string;
  readonly needs?: readonly Ability[];
  readonly wanted?: Wanted;
  open(bench: Bench): Promise<Opened>;
}

const operations: readonly Operation[] = [
  {
    name: 'webhook churn, 1,000 events/s',
    counted: 'event',
    needs: ['webhooks'],
    wanted: belowSockudo,
    open: (bench) => openPacedChurn(bench, { eventsPerSecond: 1000 }),
  },
  {
    name: 'client_event webhooks, 1,000 events/s',
    counted: 'event',
    needs: ['webhooks'],
    wanted: belowSockudo,
    open: (bench) =>
      openClientEvents(bench, 1, (source, seconds) => keepPace(source, { perSecond: 1000, seconds })),
  },
  { name: 'connect and subscribe private, 200/s', counted: 'connection', open: openConnects },
  {
    name: 'HTTP trigger, no subscribers, 1,000/s',
    counted: 'request',
    open: (bench) => openPacedTrigger(bench, 1000),
  },
  {
    name: `${subscribers.toLocaleString('en')} subscribers, one message at a time, 5/s`,
    counted: 'delivery',
    open: (bench) => openFanOut(bench, subscribers, 100, (load, seconds) => onePerTick(load, 5, seconds)),
  },
];

function atTenPercent({ name, counted, ...rest }: Operation): Case {
  return { ...rest, name: `10 % load: ${name}`, operation: counted };
}

function inFirstSeconds({ name, counted, needs = [], wanted, open }: Operation): Case {
  return {
    name: `first ${firstSeconds} seconds: ${name}`,
    operation: counted,
    needs: [...needs, 'own-process'],
    ...(wanted === undefined ? {} : { wanted }),
    warmUpSeconds: 0,
    open: (bench) =>
      Promise.resolve({ round: () => onFreshServer(() => open(bench)), close: () => Promise.resolve() }),
  };
}

/** Runs one round on a new process. */
async function onFreshServer(open: () => Promise<Opened>): Promise<Sample> {
  const opened = await open();
  try {
    await pause(restMs);
    return await opened.round(firstSeconds);
  } finally {
    await opened.close();
  }
}

async function openConnects(bench: Bench): Promise<Opened> {
  const target = await bench.start({});
  return {
    pid: target.pid,
    round: async (seconds) => {
      const sockets: DriverSocket[] = [];
      const latencies = new Latencies();
      const confirmed: Promise<boolean>[] = [];
      const connect = async (dueAt: number): Promise<boolean> => {
        try {
          const socket = await DriverSocket.open(target);
          sockets.push(socket);
          await socket.confirm(subscriptionOf(target, socket, 'private-bench-connect'));
          latencies.record(performance.now() - dueAt);
          return true;
        } catch {
          return false; // The table shows the number of errors.
        }
      };
      const end = beginSample(target);
      await onSchedule({ perSecond: 200, seconds }, (_, dueAt) => void confirmed.push(connect(dueAt)));
      const results = await Promise.all(confirmed);
      const joined = results.filter(Boolean).length;
      const lost = { ...nothingLost, errors: results.length - joined };
      const sample = end({ ...lost, operations: joined, latency: latencies.percentiles() });
      await Promise.all(sockets.map((socket) => socket.close()));
      return sample;
    },
    close: () => target.stop(),
  };
}
