import { onePerTick, outcomeOf, type Load } from '../driver/deliveries.ts';
import { barrage, Publisher } from '../driver/publisher.ts';
import { signTrigger } from '../driver/signing.ts';
import { Subscribers } from '../driver/subscribers.ts';
import { beginSample, type Sample } from '../measure/sample.ts';
import type { Bench, Case, Opened, Scenario, Wanted } from '../scenario.ts';

const channel = 'bench-fan-out';
const publisherCount = 8;

/**
 * What does it cost the server to deliver a published message to its subscribers?
 *
 * The first cases send one message at a time on a schedule. The server cannot combine messages, each delivery is a separate write, and the
 * rate is the one offered. In the other cases, eight publishers each send their next message when the previous one was accepted. The server
 * can then combine what waits for a socket into one write.
 */
export const fanOut: Scenario = {
  name: 'fan-out',
  question: 'What does it cost to deliver one published message to its subscribers?',
  cases: [
    ...[100, 1024].flatMap((bytes) =>
      [1, 100, 1000, 5000].map((size) => paced(size, bytes, size >= 1000 ? { timesRaw: 1.05 } : undefined)),
    ),
    inFlight(1000, 100, { timesRaw: 1.2 }),
    inFlight(5000, 100, { timesRaw: 1.2 }),
    inFlight(1000, 1024, { timesRaw: 1.2 }),
  ],
  notes: [
    'With few subscribers, most of the CPU per delivery belongs to the request, which arrives alone and runs with cold caches.',
  ],
};

function paced(size: number, bytes: number, wanted: Wanted | undefined): Case {
  const perSecond = size >= 5000 ? 5 : size >= 1000 ? 20 : 200;
  return {
    name: `${title(size, bytes)}, one at a time, ${perSecond}/s`,
    operation: 'delivery',
    ...(wanted === undefined ? {} : { wanted }),
    open: (bench) => openFanOut(bench, size, bytes, (load, seconds) => onePerTick(load, perSecond, seconds)),
  };
}

function inFlight(size: number, bytes: number, wanted: Wanted): Case {
  return {
    name: `${title(size, bytes)}, ${publisherCount} in flight`,
    operation: 'delivery',
    wanted,
    open: (bench) => openFanOut(bench, size, bytes, eightInFlight),
  };
}

function title(size: number, bytes: number): string {
  const subscribers = size === 1 ? '1 subscriber' : `${size.toLocaleString('en-US')} subscribers`;
  return `${subscribers}, ${bytes === 1024 ? '1 KB' : `${bytes} B`}`;
}

/** Opens a server with one channel that has `size` subscribers. Each round publishes to it with `round`. */
export async function openFanOut(
  bench: Bench,
  size: number,
  bytes: number,
  round: (load: Load, seconds: number) => Promise<Sample>,
): Promise<Opened> {
  const target = await bench.start({});
  const payload = 'x'.repeat(bytes);
  const subscribers = await Subscribers.join(target, channel, size, bytes);
  const publisher = new Publisher(target, publisherCount);
  return {
    pid: target.pid,
    round: (seconds) => round({ target, channel, subscribers, publisher, payload }, seconds),
    close: async () => {
      await publisher.close();
      await subscribers.close();
      await target.stop();
    },
  };
}

/** Runs eight publishers, each of which sends its next message when the previous one was accepted. */
export async function eightInFlight(load: Load, seconds: number): Promise<Sample> {
  const { target, subscribers, payload } = load;
  const request = signTrigger(target, channel, payload);
  const droppedBefore = subscribers.dropped;
  subscribers.startRound();
  const end = beginSample(target);
  const published = await barrage(target, [request], {
    connections: publisherCount,
    seconds,
    ownThread: true,
  });
  const endedAt = await subscribers.drain(published.accepted, published.sent);
  return end(outcomeOf(subscribers, published, droppedBefore), endedAt);
}
