import type { ConsoleRows } from '../../../src/views/server.ts';
import {
  ConsoleFeed,
  isConsoleFull,
  type ConsoleFeedOptions,
  type ConsoleListener,
} from '../../../src/recording/console/console-feed.ts';
import { ConsoleWitness } from '../../../src/recording/console/console-witness.ts';
import { FakeClock } from '../fake-clock.ts';
import { noSlices } from '../turns.ts';
import { channelName } from './application.ts';
import { news, startsAtMs } from './recording.ts';

/** An event that a backend publishes on two channels. */
export const trigger = (name: string, data = '{}') => ({
  name,
  data,
  channels: [news, channelName('weather')],
});

/** A debug console on a clock that the test moves. */
export function consoleStage(given: Partial<ConsoleFeedOptions> = {}) {
  const clock = new FakeClock();
  const wallTime = { now: () => startsAtMs + clock.now() };
  const feed = new ConsoleFeed({
    clock,
    wallTime,
    bytes: 1_000_000,
    showsPayloads: true,
    budget: noSlices().questions,
    ...given,
  });
  const witness = new ConsoleWitness(feed, clock);
  const listen = (listener: Partial<ConsoleListener> = {}) => {
    const received: ConsoleRows[] = [];
    const subscription = feed.subscribe({ onRows: (rows) => received.push(rows) > 0, ...listener });
    if (isConsoleFull(subscription)) throw new Error(subscription.message);
    return { received, subscription };
  };
  return { clock, feed, witness, listen };
}
