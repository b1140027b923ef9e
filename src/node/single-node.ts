import { randomUUID } from 'node:crypto';
import { Acquaintance } from '../reconcile/acquaintance.ts';
import { DeadLetterOffice } from '../delivery-log/dead-letter-office.ts';
import { Dispatcher } from '../dispatch/dispatcher.ts';
import { DropJournal, keepDrops } from '../delivery-log/drop-journal.ts';
import { SubscriptionCounts } from '../connections/subscription-counts.ts';
import { createSweeper } from './sweeper.ts';
import { createCorrect } from '../reconcile/correct.ts';
import { Reconciler } from '../reconcile/reconciler.ts';
import { createTruth } from '../reconcile/truth.ts';
import type { Backplane, BackplaneOptions } from './backplane.ts';
import type { Durable } from './durable.ts';
import { noWitness } from '../ports/witness.ts';
import { MemoryDeadLetters } from '../store/memory/dead-letters.ts';
import { MemoryLedger } from '../store/memory/ledger.ts';
import { createMemoryOutbox } from '../store/memory/outbox.ts';
import { memorySettings } from '../store/memory/settings.ts';

/**
 * Creates a node that shares nothing with other nodes. All state is in its memory and is lost when it stops, except what a
 * configured store keeps. Rejects with a StartError if the store cannot be opened.
 */
export async function createSingleNode(options: BackplaneOptions): Promise<Backplane> {
  const { config, apps, clock, local, log, metrics, slices, questions } = options;
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
          dispatcher: () => dispatcher,
          beforeWrite: () => letters.complete(),
        });
  const drops = new DropJournal(durable?.drops);
  const ownEpoch = durable?.run.epoch ?? randomUUID();
  const epoch = (): string => ownEpoch;
  const letterStore = new MemoryDeadLetters({
    ...options,
    ...config.webhooks.deadLetters,
    run: ownEpoch,
    keeper: durable?.letters,
  });
  const letters: DeadLetterOffice = new DeadLetterOffice({
    ...options,
    epoch,
    store: letterStore,
    target: (appId, endpointId) => dispatcher.target(appId, endpointId),
    onAttempt(fact) {
      acquaintance.resent(fact);
      options.onAttempt?.(fact);
    },
  });
  const acquaintance = new Acquaintance(options.wallTime, options.applications, durable?.endpoints);
  const reconciler = new Reconciler({
    ...options,
    correct: createCorrect({
      truthOf: (appId, channel) => ledger.announced(appId, channel),
      outbox: () => outbox,
    }),
    recordsOf: (appId) => ledger.records(appId),
    steps: questions,
    waitingFor: (appId, endpointId, channel) => dispatcher.waitingFor(appId, endpointId, channel),
    reconciled: (appId, endpointId, channel) => drops.resolve(appId, endpointId, channel),
    keeper: durable?.debts,
    ...(durable && { lastPlace: () => durable.store.lastPlace }),
  });
  const subscribers = [
    ...options.subscribers,
    keepDrops(drops, options.wallTime),
    letters.onFact,
    reconciler.onFact,
  ];
  const dispatcher: Dispatcher = new Dispatcher({
    ...options,
    subscribers,
    epoch,
    ledger: () => ledger,
    ...(durable && { store: durable.store, downSince: durable.run.downSince }),
  });
  const outbox = durable?.store ?? createMemoryOutbox(() => dispatcher);
  const sweeper = createSweeper(clock, () => ledger);
  const ledger = new MemoryLedger({
    clock,
    metrics,
    witness,
    outbox,
    ...options.notifier,
    wake: (dueAt) => sweeper.wake(dueAt),
    countSubscribers: options.countSubscribers,
    cacheTtlMs: config.cacheTtlMs,
    slices,
    questions,
    ...(durable && { journal: durable.store, run: `${durable.run.starts}-` }),
  });
  const counts = new SubscriptionCounts({ ...options, fanout: local, outbox });
  return {
    ledger,
    counts,
    drops,
    letters,
    epoch,
    fanout: local,
    outbox,
    settings: durable?.settings ?? memorySettings,
    describe: () => undefined,
    describeStore: () => durable?.describe(),
    truth: createTruth({
      ...options,
      reconciler,
      dispatcher: () => dispatcher,
      ledger: () => ledger,
      alsoUnknown: (appId, endpointId) => acquaintance.limitsOf(appId, endpointId),
      steps: questions,
    }),
    reconcile: (appId, endpointId) => reconciler.reconcile(appId, endpointId),
    lanes: (appId, endpointId) => dispatcher.lanes(appId, endpointId),
    target: (appId, endpointId) => dispatcher.target(appId, endpointId),
    webhookState: () => ({
      kept: durable === undefined ? 'memory' : 'disk',
      epoch: ownEpoch,
      starts: durable?.run.starts,
      lastEnd: durable?.run.before,
      lost: durable?.describe().lostReason,
      queues: dispatcher.readQueues(),
    }),
    started: () =>
      durable?.restore({
        ledger,
        drops,
        reconciler,
        letters: letterStore,
        acquaintance,
        endpointsOf: (appId) => apps.byId(appId)?.config.endpoints,
      }),
    readQueues: () => dispatcher.readQueues(),
    replace(applications) {
      dispatcher.replace(applications);
      letters.replace(applications);
      for (const { id } of applications) durable?.store.wake(id);
      reconciler.replace(applications);
      acquaintance.replace(applications);
    },
    forget(appId, work) {
      dispatcher.forget(appId, () => {
        work();
        ledger.retireNow(appId);
      });
      drops.forget(appId);
      letters.forget(appId);
      reconciler.forget(appId);
      acquaintance.forget(appId);
    },
    async close() {
      counts.stop();
      sweeper.stop();
      letters.stop();
      reconciler.stop();
      durable?.store.ending();
      // The clients have no other node to reconnect to.
      if (config.store?.shutdown !== 'keep') for (const app of apps) await ledger.retire(app.config.id);
      await finish(options, dispatcher, durable);
    },
    abandon: () => (durable === undefined ? dispatcher.abandon() : dispatcher.stop()),
  };
}

/** Delivers what it can. The rest is left to the next process, or dropped if nothing can keep it. */
async function finish(
  { config, log }: BackplaneOptions,
  dispatcher: Dispatcher,
  durable: Durable | undefined,
): Promise<void> {
  if (durable === undefined) return dispatcher.close(config.shutdownTimeoutMs);
  const { failure } = durable.describe();
  if (failure !== undefined) {
    log.warn(
      { reason: failure },
      'cannot write to the store during shutdown: webhooks that are not delivered now will be lost',
    );
    durable.store.forgo();
    dispatcher.resume();
    await dispatcher.close(config.shutdownTimeoutMs);
  } else if (config.store?.shutdown === 'keep') await dispatcher.halt();
  else await dispatcher.leave(config.shutdownTimeoutMs);
  await durable.close();
}
