import { Churn } from '../driver/churn.ts';
import { Receiver } from '../driver/receiver.ts';
import type { Bench, Opened, Scenario } from '../scenario.ts';
import { appOf, type ServerSettings } from '../servers/target.ts';
import { clientEventWebhooks } from './webhooks-client-events.ts';
import { keepUnderWay } from './webhooks-in-flight.ts';
import { pacedWebhooks } from './webhooks-paced.ts';

const pairsPerWrite = 10;

/**
 * Asks: what does one webhook event cost, from the subscription that causes it to the POST that carries it?
 *
 * Sockets subscribe to a channel and leave it at once, with a grace of 0: each pair is one channel_occupied and
 * one channel_vacated. The CPU per event therefore contains half a subscribe and half an unsubscribe.
 */
export const webhooks: Scenario = {
  name: 'webhooks',
  question: 'What does one webhook event cost, from the subscription that causes it to its POST?',
  needs: ['webhooks'],
  cases: [
    {
      name: 'churn: occupied and vacated, batched as each does it by default',
      operation: 'event',
      wanted: { atMost: 22 },
      open: (bench) => open(bench, {}),
    },
    {
      name: 'churn: up to 1,000 events in a POST',
      operation: 'event',
      open: (bench) => open(bench, { batchEvents: 1000 }),
    },
    clientEventWebhooks,
    ...pacedWebhooks,
  ],
  notes: [
    'By default the emulator sends up to 20 events in a POST, so that any receiver can take it; soketi is told to collect for 250 ms and has no bound: its 0.5 POSTs per 1,000 events are most of the difference in CPU.',
    'At most 2,000 events are on their way in the churn cases; a server that holds events back for 250 ms can then not do more than 8,000 a second.',
    'soketi has no grace; the emulator is told to have none (3 s is its default).',
    'raw posts as many events at once as the emulator, signed, through undici, and looks no further: no order, no retries, no bounds.',
    'A failing endpoint answers 500 and gets the same events as a healthy one; the figures are of the healthy one.',
  ],
};

async function open(bench: Bench, settings: ServerSettings): Promise<Opened> {
  const receiver = new Receiver(appOf(0).secret);
  const eventTypes = ['channel_occupied', 'channel_vacated'];
  const endpoint = { url: await receiver.listen(), eventTypes };
  const target = await bench.start({ ...settings, webhooks: [endpoint], graceMs: 0 });
  const churn = await Churn.connect(target, pairsPerWrite);
  const source = {
    servers: [target],
    receiver,
    cause: () => churn.next().events,
    dropped: () => churn.dropped,
  };
  return {
    pid: target.pid,
    round: (seconds) => keepUnderWay(source, seconds),
    close: async () => {
      await churn.close();
      await target.stop();
      await receiver.close();
    },
  };
}
