import type { LocalApp } from '../../apps/local-app.ts';
import { sendsCount, type SubscriptionCounts } from '../../connections/subscription-counts.ts';
import type { ChannelQueries, ChannelState } from '../../ports/channel-queries.ts';
import { whenReady, type MaybePromise } from '../../ports/maybe-promise.ts';
import { isUnavailable, type Unavailable } from '../../ports/unavailable.ts';
import type { ChannelName } from '../../protocol/channel-name.ts';
import { indicesOf, type Interest } from './interest.ts';
import { keeper, type CountOfWorker, type KeeperOfState, type WorkerOfState } from './keeper-methods.ts';
import type { Line } from './line.ts';

/** The subscribers of an app that sends counts. */
interface CountedApp {
  readonly app: LocalApp;
  /** By channel, the last count that each worker reported. */
  readonly channels: Map<ChannelName, Map<number, number>>;
  /** The workers that have not yet reported what they had when the app began to send counts. */
  readonly awaited: Set<number>;
  /** The channels that have changed since then. Their counts are not known while workers are awaited. */
  readonly changed: Set<ChannelName>;
}

/** Counts the subscribers of channels over all workers. */
export class WorkerCounts {
  readonly #line: Line<WorkerOfState>;
  readonly #interest: Interest;
  /** The apps with `subscriptionCount`. The workers report only their counts. */
  #counted: ReadonlyMap<string, CountedApp> = new Map();

  constructor(line: Line<WorkerOfState>, interest: Interest) {
    this.#line = line;
    this.#interest = interest;
  }

  /**
   * The configuration of the apps has changed. These workers learn it later, and then report all counts of the apps that send counts from
   * now on. What was counted of other apps is forgotten. `apps` includes removed apps whose clients still leave.
   */
  follow(apps: Iterable<LocalApp>, workers: readonly number[]): void {
    const counted = new Map<string, CountedApp>();
    for (const app of apps) {
      const { id, subscriptionCount } = app.config;
      if (!subscriptionCount) continue;
      const begun = { app, channels: new Map(), awaited: new Set(workers), changed: new Set<ChannelName>() };
      counted.set(id, this.#counted.get(id) ?? begun);
    }
    this.#counted = counted;
  }

  /** An app that sends counts; undefined if it sends none. */
  app(appId: string): LocalApp | undefined {
    return this.#counted.get(appId)?.app;
  }

  /** Notes how many subscribers of the channel a worker has now. Returns whether the sum is known and may have changed. */
  note(worker: number, appId: string, channel: ChannelName, subscribers: number): boolean {
    const app = this.#counted.get(appId);
    // The worker does not know yet that the app sends no counts any more.
    if (app === undefined) return false;
    setCount(app, worker, [channel, subscribers]);
    if (app.awaited.size === 0) return true;
    app.changed.add(channel);
    return false;
  }

  /**
   * Notes the subscribers of all channels that a worker had when it learned that the app sends counts. Returns the channels that have
   * changed while that was awaited, once it was the last worker.
   */
  noteAll(worker: number, appId: string, counts: readonly CountOfWorker[]): readonly ChannelName[] {
    const app = this.#counted.get(appId);
    if (app === undefined) return [];
    for (const count of counts) setCount(app, worker, count);
    if (!app.awaited.delete(worker) || app.awaited.size > 0) return [];
    const changed = [...app.changed];
    app.changed.clear();
    return changed;
  }

  /** Returns the sum of the last reported counts. */
  noted(appId: string, channel: ChannelName): number {
    let sum = 0;
    for (const count of this.#counted.get(appId)?.channels.get(channel)?.values() ?? []) sum += count;
    return sum;
  }

  /** Returns the state of a channel, with the subscribers that the workers count. */
  complete(
    ledger: ChannelQueries,
    appId: string,
    channel: ChannelName,
  ): MaybePromise<ChannelState | Unavailable> {
    return whenReady(ledger.channel(appId, channel), (state) =>
      isUnavailable(state)
        ? state
        : whenReady(this.#ask(appId, channel), (subscriptionCount) => ({ ...state, subscriptionCount })),
    );
  }

  /** Asks the workers that may hold the channel. */
  #ask(appId: string, channel: ChannelName): MaybePromise<number> {
    const workers = [...indicesOf(this.#interest.others(appId, channel))];
    if (workers.length === 0) return 0;
    const counts = workers.map((worker) => this.#line.call(worker, 'subscribers', appId, channel));
    return Promise.all(counts).then((known) => known.reduce((sum, count) => sum + count, 0));
  }
}

function setCount({ channels }: CountedApp, worker: number, [channel, subscribers]: CountOfWorker): void {
  const counts = channels.get(channel) ?? new Map<number, number>();
  if (subscribers === 0) counts.delete(worker);
  else counts.set(worker, subscribers);
  if (counts.size === 0) channels.delete(channel);
  else channels.set(channel, counts);
}

/** What workers report to the keeper. */
export type CountsOfKeeper = Pick<KeeperOfState, 'count' | 'counts'>;

/** Reports the subscriber counts of this worker to the keeper once per turn, for apps with `subscriptionCount`. */
export class CountsOfWorker implements Pick<SubscriptionCounts, 'changed'> {
  readonly #line: Pick<Line<CountsOfKeeper>, 'send'>;
  #changed: Map<LocalApp, Set<ChannelName>> | undefined;
  /** The apps whose counts the keeper knows. */
  #counted: ReadonlySet<LocalApp>;

  /** `apps` have no subscribers yet. */
  constructor(line: Pick<Line<CountsOfKeeper>, 'send'>, apps: Iterable<LocalApp>) {
    this.#line = line;
    this.#counted = countedAmong(apps);
  }

  /** The configuration of the apps has changed: reports all counts of the apps that send counts from now on. */
  follow(apps: Iterable<LocalApp>): void {
    const before = this.#counted;
    this.#counted = countedAmong(apps);
    for (const app of this.#counted) {
      if (!before.has(app)) this.#line.send(keeper, 'counts', app.config.id, countsOf(app));
    }
  }

  changed(app: LocalApp, channel: ChannelName): void {
    if (!sendsCount(app, channel)) return;
    if (this.#changed === undefined) {
      this.#changed = new Map();
      queueMicrotask(() => this.#report());
    }
    const channels = this.#changed.get(app);
    if (channels === undefined) this.#changed.set(app, new Set([channel]));
    else channels.add(channel);
  }

  #report(): void {
    for (const [app, channels] of this.#changed ?? []) {
      for (const channel of channels)
        this.#line.send(keeper, 'count', app.config.id, channel, app.registry.subscribers(channel));
    }
    this.#changed = undefined;
  }
}

function countedAmong(apps: Iterable<LocalApp>): ReadonlySet<LocalApp> {
  return new Set([...apps].filter(({ config }) => config.subscriptionCount));
}

function countsOf(app: LocalApp): readonly CountOfWorker[] {
  return [...app.registry.channels()].flatMap(({ name, subscribers }) =>
    sendsCount(app, name) ? [[name, subscribers] as const] : [],
  );
}
