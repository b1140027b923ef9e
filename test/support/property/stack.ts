import { Api } from '../../../src/http-api/api.ts';
import type { Application } from '../../../src/apps/application.ts';
import { createDispatcher } from '../unit/create-dispatcher.ts';
import { noLetters } from '../unit/dead-letters.ts';
import type { Dispatcher } from '../../../src/dispatch/dispatcher.ts';
import { DropJournal, isDroppedEvent } from '../../../src/delivery-log/drop-journal.ts';
import { Hub } from '../../../src/connections/hub.ts';
import { LocalApps } from '../../../src/apps/local-app.ts';
import { createLocalDelivery, type LocalDelivery } from '../../../src/apps/local-delivery.ts';
import { createNotifier } from '../../../src/apps/notifier.ts';
import { SubscriptionCounts } from '../../../src/connections/subscription-counts.ts';
import { restoreState } from '../../../src/node/restore-state.ts';
import { createSweeper } from '../../../src/node/sweeper.ts';
import type { Millis } from '../../../src/ports/clock.ts';

import type { Ledger } from '../../../src/ports/ledger.ts';
import { silentLog } from '../../../src/ports/log.ts';
import { noRefusals } from '../../../src/ports/refusals.ts';
import { noMetrics } from '../../../src/ports/metrics.ts';
import { unknownKey } from '../../../src/protocol/errors.ts';
import type { SocketId } from '../../../src/protocol/socket-id.ts';
import { MemoryLedger } from '../../../src/store/memory/ledger.ts';
import { Slices } from '../../../src/structures/slices.ts';
import type { DeliverySubscriber } from '../../../src/webhooks/delivery-facts.ts';
import type { DeliveryPolicy } from '../../../src/webhooks/delivery-queue.ts';
import { DurableStore } from '../../../src/store/durable/durable-store.ts';
import { createCorrect } from '../../../src/reconcile/correct.ts';
import { Reconciler } from '../../../src/reconcile/reconciler.ts';
import { createTruth, type ReadTruth } from '../../../src/reconcile/truth.ts';
import { EndpointTable } from '../../../src/store/durable/endpoint-table.ts';
import { Acquaintance } from '../../../src/reconcile/acquaintance.ts';
import { DebtTable } from '../../../src/store/durable/debt-table.ts';
import { DropTable } from '../../../src/store/durable/drop-table.ts';
import { Run } from '../../../src/store/durable/run.ts';
import { MortalClock } from '../mortal-clock.ts';
import { FakeClock } from '../fake-clock.ts';
import type { TurnBudget } from '../../../src/structures/turn-budget.ts';
import { noSlices } from '../turns.ts';
import { DelayedLedger } from './delayed-ledger.ts';
import type { FakeDisk } from './fake-disk.ts';
import { readingsAt, senderOf, wallStart } from './mortal-process.ts';
import { FakeNode } from './fake-node.ts';
import { FakeReceivers, Receiver, type Fate } from './fake-receivers.ts';
import { signedTrigger } from './signed-trigger.ts';
import { StackClient } from './stack-client.ts';
import { whole } from '../unit/ask-api.ts';

export interface StackOptions {
  readonly applications: readonly Application[];
  readonly policy: DeliveryPolicy;
  /** The behaviours of the endpoints, by number, repeated cyclically. */
  readonly fates?: readonly (readonly Fate[])[];
  readonly grace?: { readonly disconnectMs: Millis; readonly unsubscribeMs: Millis };
  /** The delays of the ledger's answers in milliseconds, repeated cyclically. */
  readonly ledgerDelays?: readonly Millis[];
  /** Additional delays of answers to joins, which may change their order. */
  readonly answerDelays?: readonly Millis[];
  /** How many channels can be left in one turn, with one turn per millisecond. Unlimited by default. */
  readonly leavesPerTurn?: number;
  /** What outlives the process. */
  readonly disk?: FakeDisk;
  /** The killed process before this one, whose clock and receivers continue. */
  readonly before?: Stack;
  /** Is also notified of all that happens to events. */
  readonly onFact?: DeliverySubscriber;
  /** Limits the search for what was reported before an endpoint was added. Unlimited by default. */
  readonly searchSteps?: TurnBudget;
  /** With a disk: how long all who were announced linger after a restart. */
  readonly restartGraceMs?: Millis;
}

/** The whole program in this process except for its transports, on a clock that the test moves. */
export class Stack {
  readonly clock: FakeClock;
  readonly node = new FakeNode();
  readonly drops: DropJournal;
  readonly receivers: Map<string, Receiver>;
  readonly sender: FakeReceivers;
  readonly dispatcher: Dispatcher;
  readonly ledger: Ledger;
  readonly hub: Hub;
  readonly api: Api;
  readonly apps: LocalApps;
  readonly applications: readonly Application[];
  readonly reconciler: Reconciler;
  /** What an endpoint should believe, for a comparison with the truth. */
  readonly truth: ReadTruth;
  readonly #fanout: LocalDelivery;
  readonly #stopSweeper: () => void;
  /** The clock of everything that ends with the process. */
  readonly #process: MortalClock;
  readonly #restore: () => void;
  readonly #counted: Promise<unknown>;
  readonly #store: DurableStore | undefined;
  readonly #acquaintance: Acquaintance;
  #reloading = Promise.resolve();
  #ids: number;

  constructor(options: StackOptions) {
    const { applications, policy, fates = [[]], before, disk } = options;
    const { node } = this;
    this.clock = before?.clock ?? new FakeClock();
    this.receivers = before?.receivers ?? new Map<string, Receiver>();
    this.#ids = before === undefined ? 0 : before.#ids;
    const clock = new MortalClock(this.clock);
    this.#process = clock;
    this.applications = applications;
    const slices = new Slices(options.leavesPerTurn ?? Infinity, (run) => void clock.after(1, run));
    const { questions } = noSlices();
    const wallTime = { now: () => wallStart + clock.now() };
    for (const { key, secret, endpoints } of applications) {
      for (const { url } of endpoints) {
        if (this.receivers.has(url)) continue;
        this.receivers.set(url, new Receiver(key, secret, fates[this.receivers.size % fates.length] ?? []));
      }
    }
    this.apps = new LocalApps(applications);
    this.sender = before?.sender ?? new FakeReceivers(this.clock, this.receivers);
    const ids = {
      socketId: () => `${this.#nextId()}.1` as SocketId,
      webhookId: () => `msg_${this.#nextId()}`,
      requestId: () => `req_${this.#nextId()}`,
    };
    const database = disk?.open(clock, { onRecovery: () => this.dispatcher.resume() });
    const run = database && new Run(database, clock, () => readingsAt(clock.now()));
    const dropTable = database && new DropTable(database, isDroppedEvent);
    const store =
      database &&
      run &&
      new DurableStore({
        database,
        run,
        clock,
        dispatcher: () => this.dispatcher,
        beforeWrite: () => debts?.prepare(),
        holdsClientEvents: true,
      });
    this.#store = store;
    this.drops = new DropJournal(dropTable);
    const debts = run && new DebtTable(database, run.meta);
    const endpointTable = database && new EndpointTable(database);
    const acquaintance = new Acquaintance(wallTime, applications, endpointTable);
    const reconciler = new Reconciler({
      clock,
      wallTime,
      applications,
      recordsOf: (appId) => memory.records(appId),
      steps: options.searchSteps ?? questions,
      correct: createCorrect({
        truthOf: (appId, channel) => memory.announced(appId, channel),
        outbox: () => outbox,
      }),
      waitingFor: (appId, endpointId, channel) => this.dispatcher.waitingFor(appId, endpointId, channel),
      reconciled: (appId, endpointId, channel) => this.drops.resolve(appId, endpointId, channel),
      keeper: debts,
      ...(store && { lastPlace: () => store.lastPlace }),
    });
    this.reconciler = reconciler;
    this.#acquaintance = acquaintance;
    const of = { dispatcher: () => this.dispatcher, ledger: () => memory };
    this.truth = createTruth({ clock, wallTime, reconciler, ...of, alsoUnknown: () => [], steps: questions });
    const { dispatcher, outbox: memoryOutbox } = createDispatcher({
      onFact(fact) {
        reconciler.onFact(fact);
        options.onFact?.(fact);
      },
      clock,
      ...(store && { store }),
      wallTime,
      ids,
      ...(run && { epoch: () => run.epoch, downSince: run.downSince }),
      applications,
      policy,
      drops: this.drops,
      sender: senderOf(this.sender, clock),
      ledger: () => this.ledger,
    });
    this.dispatcher = dispatcher;
    const outbox = store ?? memoryOutbox;
    const sweeper = createSweeper(clock, () => this.ledger);
    this.#stopSweeper = () => sweeper.stop();
    const fanout = createLocalDelivery({
      clock,
      apps: this.apps,
      publishTopic: node.publishTopic,
      end: (session, error) => this.hub.end(session, error),
    });
    this.#fanout = fanout;
    const memory = new MemoryLedger({
      clock,
      slices,
      questions,
      outbox,
      metrics: noMetrics,
      cacheTtlMs: 1_800_000,
      ...(store && { journal: store, run: `${run?.starts}-` }),
      ...createNotifier(this.apps, node.publishTopic, fanout),
      wake: (dueAt) => sweeper.wake(dueAt),
      countSubscribers: (appId, channel) => this.apps.byId(appId)?.registry.subscribers(channel) ?? 0,
    });
    const { ledgerDelays: delays, answerDelays } = options;
    this.ledger =
      delays === undefined
        ? memory
        : new DelayedLedger(memory, clock, { delays, ...(answerDelays && { answerDelays }) });
    this.hub = new Hub({
      slices,
      apps: this.apps,
      clock,
      ids,
      ledger: this.ledger,
      fanout,
      counts: new SubscriptionCounts({ clock, fanout, outbox }),
      log: silentLog,
      ...noRefusals,
      metrics: noMetrics,
      outbox,
      livenessClock: clock,
      activityTimeoutMs: 120_000,
      grace: { shutdownMs: 3000, ...(options.grace ?? { disconnectMs: 3000, unsubscribeMs: 3000 }) },
    });
    this.api = new Api({
      reconcile: () => 0,
      webhookState: () => ({
        kept: 'memory',
        epoch: 'epoch-1',
        starts: undefined,
        lastEnd: undefined,
        lost: undefined,
        queues: this.dispatcher.readQueues(),
      }),
      questions,
      apps: this.apps,
      ledger: this.ledger,
      fanout,
      wallTime,
      metrics: noMetrics,
      log: silentLog,
      drops: this.drops,
      letters: noLetters,
      epoch: () => 'epoch-1',
    });
    this.#restore = () => {
      if (!database || !debts || !store || !dropTable || !endpointTable) return;
      restoreState(
        { database, store, drops: dropTable, debts, endpoints: endpointTable },
        {
          ledger: memory,
          drops: this.drops,
          reconciler,
          acquaintance,
          endpointsOf: (appId) => this.apps.byId(appId)?.config.endpoints,
        },
        options.restartGraceMs ?? 20_000,
      );
    };
    this.#counted = database?.safe('now') ?? Promise.resolve(true);
  }

  /** With a disk: restores its state as the program does before it listens, once this start is counted. */
  async start(): Promise<void> {
    await this.clock.advance(10);
    await this.#counted;
    this.#restore();
  }

  /** Kills the process. Requests under way still arrive at endpoints. */
  kill(): void {
    this.#process.die();
    this.sender.killed();
  }

  connect(app: Application): StackClient {
    return new StackClient(this.hub, this.node, app);
  }

  /**
   * Applies another configuration as the server does, after any earlier one. It takes time only if turns are
   * limited.
   */
  reload(applications: readonly Application[]): void {
    this.#reloading = this.#reloading.then(() => this.#reload(applications));
  }

  /** Ends every connection of a user, as the HTTP API does. */
  terminate(appId: string, userId: string): void {
    this.#fanout.terminate(appId, userId);
  }

  /** `POST /apps/ID/events`, signed as the server libraries sign. */
  async trigger(app: Application, body: Readonly<Record<string, unknown>>): Promise<unknown> {
    const seconds = Math.floor((wallStart + this.clock.now()) / 1000);
    return whole(this.api).events(signedTrigger(app, body, seconds));
  }

  /** Shuts down as the server does, and advances the time that this takes. */
  async close(withinMs: Millis): Promise<void> {
    let isClosed = false;
    const closing = this.#close(withinMs).finally(() => {
      isClosed = true;
    });
    // Work in slices takes a second at most.
    await this.clock.advance(1000);
    await this.clock.advance(withinMs);
    if (!isClosed) throw new Error('the dispatcher is not closed in time');
    await closing;
  }

  async #reload(applications: readonly Application[]): Promise<void> {
    const removed = this.apps.replace(applications);
    for (const app of removed) this.hub.endAll(app, unknownKey(app.config.key));
    if (removed.length > 0) {
      this.#replace([...applications, ...removed.map((app) => app.config)]);
      await this.hub.departed();
      for (const app of removed) await this.ledger.retire(app.config.id);
    }
    this.#replace(applications);
  }

  #replace(applications: readonly Application[]): void {
    this.dispatcher.replace(applications);
    for (const { id } of applications) this.#store?.wake(id);
    this.reconciler.replace(applications);
    this.#acquaintance.replace(applications);
  }

  async #close(withinMs: Millis): Promise<void> {
    await this.hub.close();
    this.#stopSweeper();
    for (const app of this.apps) await this.ledger.retire(app.config.id);
    await this.dispatcher.close(withinMs);
  }

  #nextId(): number {
    return (this.#ids += 1);
  }
}
