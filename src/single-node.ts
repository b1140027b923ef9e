import { randomUUID } from 'node:crypto';
import { Dispatcher } from './app/dispatcher.ts';
import { DropJournal, keepDrops } from './app/drop-journal.ts';
import { createNotifier } from './app/notifier.ts';
import { SubscriptionCounts } from './app/subscription-counts.ts';
import { createSweeper } from './app/sweeper.ts';
import type { Backplane, BackplaneOptions } from './backplane.ts';
import { noWitness } from './ports/witness.ts';
import { MemoryLedger } from './store/memory/ledger.ts';
import { createMemoryOutbox } from './store/memory/outbox.ts';

/**
 * A node that is alone. Everything is in its memory and ends with it, but for what is kept in a store, if one is configured.
 * Rejects with a StartError when that cannot be had.
 */
export async function createSingleNode(options: BackplaneOptions): Promise<Backplane> {
  const { config, apps, clock, local, log, metrics, publishTopic, slices, questions } = options;
  const { witness = noWitness } = options;
  const durable =
    config.store === undefined
      ? undefined
      : await (
          await import('./durable.ts')
        ).openDurable({
          config: config.store,
          restartGraceMs: config.webhooks.restartGraceMs,
          disconnectGraceMs: config.webhooks.disconnectGraceMs,
          holdsClientEvents: config.webhooks.holdClientEvents,
          clock,
          log,
          machine: () => dispatcher,
        });
  const drops = new DropJournal(durable?.drops);
  const subscribers = [...options.subscribers, keepDrops(drops, options.wallTime)];
  const ownEpoch = durable?.life.epoch ?? randomUUID();
  const epoch = (): string => ownEpoch;
  const dispatcher: Dispatcher = new Dispatcher({
    ...options,
    subscribers,
    epoch,
    ledger: () => ledger,
    ...(durable && { store: durable.store }),
  });
  const outbox = durable?.store ?? createMemoryOutbox(() => dispatcher);
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
    ...(durable && { journal: durable.store, life: `${durable.life.starts}-` }),
  });
  const counts = new SubscriptionCounts({ clock, fanout: local, outbox });
  return {
    ledger,
    counts,
    drops,
    epoch,
    fanout: local,
    outbox,
    describe: () => undefined,
    describeStore: () => durable?.describe(),
    webhookLife: () => ({
      kept: durable === undefined ? 'memory' : 'disk',
      epoch: ownEpoch,
      starts: durable?.life.starts,
      lastEnd: durable?.life.before,
      lost: durable?.describe().lost?.reason,
      queues: dispatcher.readQueues(),
    }),
    started: () =>
      durable?.restore({ ledger, drops, isConfigured: (appId) => apps.byId(appId) !== undefined }),
    readQueues: () => dispatcher.readQueues(),
    replace: (applications) => dispatcher.replace(applications),
    forget(appId, work) {
      dispatcher.forget(appId, () => {
        work();
        ledger.retireNow(appId);
      });
      drops.forget(appId);
    },
    async close() {
      counts.stop();
      sweeper.stop();
      const tellsNothing = config.store?.shutdown === 'keep';
      // There is nobody to whom the clients could come back.
      if (!tellsNothing) for (const app of apps) await ledger.retire(app.config.id);
      if (durable === undefined) return dispatcher.close(config.shutdownTimeoutMs);
      await (tellsNothing ? dispatcher.halt() : dispatcher.leave(config.shutdownTimeoutMs));
      await durable.close();
    },
    abandon: () => (durable === undefined ? dispatcher.abandon() : dispatcher.stop()),
  };
}
