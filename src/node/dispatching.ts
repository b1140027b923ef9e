import type { Application } from '../apps/application.ts';
import { DeadLetterOffice } from '../delivery-log/dead-letter-office.ts';
import { Dispatcher } from '../dispatch/dispatcher.ts';
import { RecentApplications } from '../dispatch/recent-applications.ts';
import { keepDrops, type DropJournal, type Drops } from '../delivery-log/drop-journal.ts';
import type { BackplaneOptions } from './backplane.ts';
import { createReconciling, type Reconciling } from './reconciling.ts';
import type { Config } from '../config/schema/schema.ts';
import type { Millis } from '../ports/clock.ts';
import type { DeliveryStore } from '../ports/delivery-store.ts';
import type { Ledger } from '../ports/ledger.ts';
import { MemoryDeadLetters } from '../store/memory/dead-letters.ts';
import { RedisDispatch } from '../store/redis/deliveries/dispatch.ts';
import type { LeadKeys, PartitionKeys } from '../store/redis/keys.ts';
import type { RedisLedger } from '../store/redis/ledger.ts';
import { LetterInbox, lettersOnOneNode } from '../store/redis/deliveries/letter-inbox.ts';
import { RedisLetters } from '../store/redis/deliveries/letters.ts';
import type { RedisLink } from '../store/redis/link/link.ts';
import { describeFailure } from '../store/redis/link/health-log.ts';
import { TurnBudget } from '../structures/turn-budget.ts';
import { systemNextTurn } from '../system/clock.ts';
import type { DeliveryPolicy } from '../webhooks/delivery-queue.ts';

/** The number of events that are taken from the outboxes in one turn. */
const eventsPerTurn = 250;

/** The dependencies of a node's share in sending the webhooks of all nodes. */
export interface DispatchingOptions extends Omit<
  BackplaneOptions,
  'config' | 'local' | 'notifier' | 'countSubscribers' | 'slices' | 'process' | 'otherThreads'
> {
  readonly config: {
    readonly webhooks: Pick<
      Config['webhooks'],
      'deadLetters' | 'disconnectGraceMs' | 'unsubscribeGraceMs' | 'shutdownGraceMs'
    >;
    readonly redis?: { readonly leaseMs: Millis } | undefined;
  };
  readonly link: RedisLink;
  readonly lead: LeadKeys;
  readonly partitions: readonly PartitionKeys[];
  readonly nodeId: string;
  /** A node without a heartbeat for this long loses the right to send. */
  readonly leaseMs: Millis;
  readonly ledger: () => Ledger & Pick<RedisLedger, 'correct'>;
  readonly drops: Drops & Pick<DropJournal, 'resolve'>;
  /** The present moment that scripts must use, for tests. Default: the time of the Redis server. */
  readonly present?: () => string;
  readonly epoch: () => string;
}

/** A node's share in sending the webhooks of all nodes. */
export interface Dispatching {
  readonly dispatch: RedisDispatch;
  readonly letters: DeadLetterOffice;
  readonly leaseMs: Millis;
  /** Whether this node keeps the dead letters of all nodes. */
  keepsLetters(): boolean;
  /** The dispatcher; undefined: this node sends nothing. */
  dispatcher(): Dispatcher | undefined;
  /** Call it several times in each lease. It may take long, because it reads what other nodes left behind. */
  beat(): Promise<void>;
  /** Serves the endpoints of these apps from now on. */
  replace(applications: readonly Application[]): void;
  /** Redis may have lost what endpoints have received and missed in a partition: stores it again. */
  storeAgain(partition: number): void;
  /** Stops waiting for endpoints. */
  abandon(): void;
}

/** Joins the dispatcher of this node's partitions with the keeper of the dead letters. */
export function createDispatching(options: DispatchingOptions): Dispatching {
  const { apps, clock, config, drops, epoch, lead, leaseMs, ledger, link, log, nodeId } = options;
  const { maxElapsedMs } = options.policy.retry;
  const lateDeparturesMs = longestAbsenceMs(config);
  const rememberMs = maxElapsedMs + lateDeparturesMs;
  const applications = new RecentApplications(clock, rememberMs, options.applications);
  let dispatcher: Dispatcher | undefined;
  let reconciling: Reconciling | undefined;
  let store: DeliveryStore | undefined;

  const failed = (error: unknown): void => {
    if (log.isDebug) log.debug({ error: describeFailure(error) }, 'could not store dead letters in Redis');
  };
  let keepsLetters = false;
  /** The epoch of the state when Redis last had all dead letters. */
  let lettersEpoch = '';
  const isKeeper = (): boolean => keepsLetters;
  const keeper = new RedisLetters({ link, lead, isKeeper, failed });
  const inbox = new LetterInbox({ link, lead, failed });
  const kept = new MemoryDeadLetters({
    ...options,
    ...config.webhooks.deadLetters,
    run: nodeId,
    keeper,
  });
  const letters = new DeadLetterOffice({
    ...options,
    epoch,
    store: lettersOnOneNode({ kept, inbox, isKeeper }),
    target: (appId, endpointId) => dispatcher?.target(appId, endpointId),
    // They are in the memory of the node that keeps them, while it is certain that no other node does.
    isHere: () => isKeeper() && store?.mayAttempt() === true,
  });
  const subscribers = [...options.subscribers, keepDrops(drops, options.wallTime), letters.onFact];
  // The parallel requests to an endpoint are bounded over all nodes.
  const policy: DeliveryPolicy = {
    ...options.policy,
    get concurrency() {
      return Math.max(1, Math.floor(options.policy.concurrency / dispatch.nodes));
    },
  };
  const dispatch = new RedisDispatch({
    link,
    clock,
    lead,
    partitions: options.partitions,
    nodeId,
    leaseMs,
    log,
    present: options.present ?? (() => ''),
    newId: () => options.ids.webhookId(),
    requestTimeoutMs: options.requestTimeoutMs,
    pace: new TurnBudget(eventsPerTurn, systemNextTurn),
    letters: {
      async take() {
        if (keepsLetters) return;
        kept.restore(await keeper.read());
        keepsLetters = true;
        lettersEpoch = epoch();
        keeper.begin(kept.keptSinceMs);
      },
      leave() {
        keepsLetters = false;
      },
    },
    applications: () => applications.configured,
    startDispatcher(given, debts) {
      store = given;
      const own: Reconciling = createReconciling({
        ...options,
        keeper: debts,
        applications: () => applications.configured,
        waitingFor: (...of) => started.waitingFor(...of),
        positionOf: (...of) => dispatch.positionOf(...of),
        earlier: () => dispatch.earlier,
        rememberMs,
      });
      const shared = { ...options, policy, store, epoch, ledger, lateDeparturesMs };
      const started: Dispatcher = new Dispatcher({
        ...shared,
        applications: applications.all,
        subscribers: [...subscribers, own.onFact],
      });
      dispatcher = started;
      reconciling = own;
      // A partition that it takes over may contain departures of an app that was removed before.
      started.replace(applications.configured);
      return {
        ...own,
        restore: (batch) => started.restore(batch),
        take: (...of) => started.take(...of),
        resume: () => started.resume(),
        halt: () => started.halt(),
        stop() {
          // What it knows belongs to other nodes now.
          if (reconciling === own) reconciling = undefined;
          own.stop();
          started.stop();
        },
      };
    },
  });

  /** Writes all dead letters again if Redis has lost data since. */
  const keepAgain = (): void => {
    if (epoch() === lettersEpoch) return;
    lettersEpoch = epoch();
    keeper.begin(kept.keptSinceMs);
    kept.keepAgain();
  };
  /** Takes the dead letters that other nodes handed over, and keeps them. */
  const collect = (): Promise<void> =>
    inbox.collect((sent) => {
      for (const letter of sent) {
        const isServed = apps.byId(letter.appId) !== undefined;
        if (isServed && kept.find(letter.appId, letter.id) === undefined) kept.add(letter);
      }
      return keeper.written();
    });
  return {
    dispatch,
    letters,
    leaseMs,
    keepsLetters: isKeeper,
    dispatcher: () => (dispatch.isDispatching ? dispatcher : undefined),
    async beat() {
      await dispatch.beat();
      if (isKeeper()) keepAgain();
      keeper.flush();
      await inbox.flush();
      if (isKeeper()) await collect();
    },
    replace(changed) {
      applications.replace(changed);
      dispatcher?.replace(changed);
      reconciling?.replace(changed);
      dispatch.earlier.configurationChanged();
      letters.replace(changed);
    },
    storeAgain(partition) {
      reconciling?.storeAgain(partition);
      dispatch.earlier.storeAgain(partition);
    },
    abandon: () => dispatcher?.stop(),
  };
}

/** How long after the end of a client its departure is reported at the latest, whether it disconnects or its node dies. */
function longestAbsenceMs({ webhooks, redis }: DispatchingOptions['config']): Millis {
  const { disconnectGraceMs, unsubscribeGraceMs, shutdownGraceMs = 0 } = webhooks;
  return Math.max(disconnectGraceMs, unsubscribeGraceMs, shutdownGraceMs) + (redis?.leaseMs ?? 0);
}
