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
 * Asks: what do operations cost a server that has little to do, and one that has just started?
 *
 * At 10 % load each operation comes alone, so often that the slowest of the targets is busy for about a tenth of the time:
 * nothing is put together, and between two of them caches go cold and threads go to sleep. In the first two seconds the
 * same comes to a process that has been ready for one second, anew in each round: code that no compiler has seen counts.
 */
export const cold: Scenario = {
  name: 'cold',
  question: 'What do operations cost at 10 % load, and in the first two seconds after the start?',
  // A getter: what the cases are made of is declared below, in the order in which one reads.
  get cases() {
    return [...operations.map(atTenPercent), ...operations.map(inFirstSeconds)];
  },
  notes: [
    'Each case offers all targets the same fixed rate, which its name tells.',
    'Webhook churn runs with the grace that each has by default: 3 s in the emulator and, not to be changed, in Sockudo; none in raw and soketi. The CPU goes on until the last webhook has come, so it contains what the server does meanwhile.',
    'Sockudo puts up to 100 events into a POST and looks every 50 ms whether there are any; the emulator puts up to 20 into one after at most 250 ms, as Pusher documents.',
    'In the first two seconds the subscribers and senders have connected before, and the server has then rested for a second. Each round is a new process.',
  ],
};

/** Something that is done to a server at a rate so low that each one can do it. */
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
    name: 'HTTP trigger, nobody subscribed, 1,000/s',
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
      Promise.resolve({ round: () => startAnew(() => open(bench)), close: () => Promise.resolve() }),
  };
}

/** One round on a process of its own. */
async function startAnew(open: () => Promise<Opened>): Promise<Sample> {
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
          return false; // Shown in the table.
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
