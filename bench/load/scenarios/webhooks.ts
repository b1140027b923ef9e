import { Churn } from '../driver/churn.ts';
import { Receiver } from '../driver/receiver.ts';
import type { Bench, Opened, Scenario } from '../scenario.ts';
import { appOf, type ServerSettings } from '../servers/target.ts';
import { clientEventWebhooks } from './webhooks-client-events.ts';
import { keepInFlight } from './webhooks-in-flight.ts';
import { pacedWebhooks } from './webhooks-paced.ts';

const pairsPerWrite = 10;

/**
 * What does one webhook event cost, from the subscription that causes it to its POST?
 *
 * Sockets subscribe to a channel and unsubscribe immediately, with a grace period of 0. Each pair causes one channel_occupied and
 * one channel_vacated, so the CPU per event includes half a subscribe and half an unsubscribe.
 */
export const webhooks: Scenario = {
  name: 'webhooks',
  question: 'What does one webhook event cost, from the subscription that causes it to its POST?',
  needs: ['webhooks'],
  cases: [
    {
      name: 'churn: occupied and vacated, default batching',
      operation: 'event',
      wanted: { atMost: 22 },
      open: (bench) => open(bench, {}),
    },
    {
      name: 'churn: up to 1,000 events per POST',
      operation: 'event',
      open: (bench) => open(bench, { batchEvents: 1000 }),
    },
    clientEventWebhooks,
    ...pacedWebhooks,
  ],
  notes: [
    'By default, the emulator sends up to 20 events per POST, which any receiver can handle. soketi is configured to collect events for 250 ms and has no limit: its 0.5 POSTs per 1,000 events explain most of the difference in CPU.',
    'At most 2,000 events are in flight in the churn cases, so a server that holds events back for 250 ms cannot exceed 8,000 a second.',
    'soketi has no grace period. The emulator is configured to have none (its default is 3 s).',
    'raw posts signed batches of the same size as the emulator, through undici, but without order, retries or limits.',
    'A failing endpoint answers 500 and receives the same events as the healthy one. The figures are those of the healthy endpoint.',
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
    round: (seconds) => keepInFlight(source, seconds),
    close: async () => {
      await churn.close();
      await target.stop();
      await receiver.close();
    },
  };
}
