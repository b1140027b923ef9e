import { randomUUID } from 'node:crypto';
import { DeadLetterOffice } from './app/dead-letter-office.ts';
import { Dispatcher } from './app/dispatcher.ts';
import { DropJournal, keepDrops } from './app/drop-journal.ts';
import { createNotifier } from './app/notifier.ts';
import { SubscriptionCounts } from './app/subscription-counts.ts';
import { createSweeper } from './app/sweeper.ts';
import type { Backplane, BackplaneOptions } from './backplane.ts';
import { noWitness } from './ports/witness.ts';
import { MemoryDeadLetters } from './store/memory/dead-letters.ts';
import { MemoryLedger } from './store/memory/ledger.ts';
import { createMemoryOutbox } from './store/memory/outbox.ts';

/** A node that is alone: everything is in its memory and ends with it. */
export function createSingleNode(options: BackplaneOptions): Backplane {
  const {
    config,
    apps,
    clock,
    local,
    metrics,
    publishTopic,
    slices,
    questions,
    witness = noWitness,
  } = options;
  const drops = new DropJournal();
  const ownEpoch = randomUUID();
  const epoch = (): string => ownEpoch;
  const letters = new DeadLetterOffice({
    ...options,
    epoch,
    store: new MemoryDeadLetters({ ...options, ...config.webhooks.deadLetters, life: ownEpoch }),
    target: (appId, endpointId) => dispatcher.target(appId, endpointId),
  });
  const subscribers = [...options.subscribers, keepDrops(drops, options.wallTime), letters.hear];
  const dispatcher = new Dispatcher({ ...options, subscribers, epoch, ledger: () => ledger });
  const outbox = createMemoryOutbox(() => dispatcher);
  const sweeper = createSweeper(clock, () => ledger);
  const ledger = new MemoryLedger({
    clock,
    metrics,
    witness,
    outbox,
    ...createNotifier(apps, publishTopic, local),
    wake: (dueAt) => sweeper.wake(dueAt),
    countSubscribers: (appId, channel) => apps.byId(appId)?.registry.subscribers(channel) ?? 0,
    cacheTtlMs: config.cacheTtlMs,
    slices,
    questions,
  });
  const counts = new SubscriptionCounts({ clock, fanout: local, outbox });
  return {
    ledger,
    counts,
    drops,
    letters,
    epoch,
    fanout: local,
    outbox,
    describe: () => undefined,
    readQueues: () => dispatcher.readQueues(),
    replace(applications) {
      dispatcher.replace(applications);
      letters.replace(applications);
    },
    forget(appId, work) {
      dispatcher.forget(appId, () => {
        work();
        ledger.retireNow(appId);
      });
      drops.forget(appId);
      letters.forget(appId);
    },
    async close() {
      counts.stop();
      sweeper.stop();
      letters.stop();
      // There is nobody to whom the clients could come back.
      for (const app of apps) await ledger.retire(app.config.id);
      await dispatcher.close(config.shutdownTimeoutMs);
    },
    abandon: () => dispatcher.abandon(),
  };
}
