import type { LocalApp } from '../../apps/local-app.ts';
import type { SubscriptionCounts } from '../../connections/subscription-counts.ts';
import type { ChannelQueries, ChannelState } from '../../ports/channel-queries.ts';
import { whenReady, type MaybePromise } from '../../ports/maybe-promise.ts';
import { isUnavailable, type Unavailable } from '../../ports/unavailable.ts';
import type { ChannelName } from '../../protocol/channel-name.ts';
import { indicesOf, type Interest } from './interest.ts';
import { keeper, type KeeperOfState, type WorkerOfState } from './keeper-methods.ts';
import type { Line } from './line.ts';

/** Counts the subscribers of channels over all workers. */
export class WorkerCounts {
  readonly #line: Line<WorkerOfState>;
  readonly #interest: Interest;
  /** For apps with `subscriptionCount`: by app and channel, the last count that each worker reported. */
  readonly #noted = new Map<string, Map<number, number>>();

  constructor(line: Line<WorkerOfState>, interest: Interest) {
    this.#line = line;
    this.#interest = interest;
  }

  /** Notes how many subscribers of the channel a worker has now. */
  note(worker: number, appId: string, channel: ChannelName, subscribers: number): void {
    const key = `${appId}\n${channel}`;
    const counts = this.#noted.get(key) ?? new Map<number, number>();
    if (subscribers === 0) counts.delete(worker);
    else counts.set(worker, subscribers);
    if (counts.size === 0) this.#noted.delete(key);
    else this.#noted.set(key, counts);
  }

  /** Returns the sum of the last reported counts. */
  noted(appId: string, channel: ChannelName): number {
    let sum = 0;
    for (const count of this.#noted.get(`${appId}\n${channel}`)?.values() ?? []) sum += count;
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

/** Reports the subscriber counts of this worker to the keeper once per turn, for apps with `subscriptionCount`. */
export class CountsOfWorker implements Pick<SubscriptionCounts, 'changed'> {
  readonly #line: Pick<Line<KeeperOfState>, 'send'>;
  #changed: Map<LocalApp, Set<ChannelName>> | undefined;

  constructor(line: Pick<Line<KeeperOfState>, 'send'>) {
    this.#line = line;
  }

  changed(app: LocalApp, channel: ChannelName): void {
    if (!app.config.subscriptionCount) return;
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
