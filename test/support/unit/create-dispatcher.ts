import { DeliveryLog } from '../../../src/delivery-log/delivery-log.ts';
import { countDeliveries } from '../../../src/delivery-log/delivery-metrics.ts';
import { Dispatcher, type DispatcherOptions } from '../../../src/dispatch/dispatcher.ts';
import { keepDrops, type Drops } from '../../../src/delivery-log/drop-journal.ts';
import { silentLog, type Log } from '../../../src/ports/log.ts';
import { noMetrics, type Metrics } from '../../../src/ports/metrics.ts';
import { createMemoryOutbox } from '../../../src/store/memory/outbox.ts';
import type { DeliverySubscriber } from '../../../src/webhooks/delivery-facts.ts';
import type { WebhookEvent } from '../../../src/webhooks/event.ts';
import { defaultPolicy } from '../property/delivery-shell.ts';

type Needed = Pick<DispatcherOptions, 'clock' | 'sender' | 'applications'>;

interface Listening {
  readonly log?: Log;
  readonly metrics?: Metrics;
  readonly drops?: Pick<Drops, 'add'>;
  /** Is also notified of all that happens to events. */
  readonly onFact?: DeliverySubscriber;
}

/**
 * A dispatcher whose deliveries are named msg_1, msg_2 and so on, with the server's subscribers and an outbox
 * in memory.
 */
export function createDispatcher({
  log = silentLog,
  metrics = noMetrics,
  drops = { add: () => {} },
  onFact = () => {},
  ...options
}: Needed & Partial<DispatcherOptions> & Listening) {
  const { clock, wallTime = { now: () => 1_700_000_000_000 + clock.now() } } = options;
  let ids = 0;
  const dispatcher = new Dispatcher({
    wallTime,
    random: () => 0.5,
    ids: { webhookId: () => `msg_${(ids += 1)}` },
    epoch: () => 'epoch-1',
    ledger: () => ({ forgetCacheMiss: () => {} }),
    requestTimeoutMs: 4000,
    policy: defaultPolicy,
    subscribers: [
      countDeliveries(metrics, clock),
      new DeliveryLog(clock, log).onFact,
      keepDrops(drops, wallTime),
      onFact,
    ],
    ...options,
  });
  const outbox = createMemoryOutbox(() => dispatcher);
  return {
    dispatcher,
    outbox,
    append: (appId: string, events: readonly WebhookEvent[]) => outbox.append(appId, events),
  };
}
