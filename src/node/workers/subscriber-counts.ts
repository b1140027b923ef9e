import type { LocalApp } from '../../apps/local-app.ts';
import type { SubscriptionCounts } from '../../connections/subscription-counts.ts';
import type { ChannelQueries, ChannelState } from '../../ports/channel-queries.ts';
import { whenReady, type MaybePromise } from '../../ports/maybe-promise.ts';
import { isUnavailable, type Unavailable } from '../../ports/unavailable.ts';
import type { ChannelName } from '../../protocol/channel-name.ts';
import { indicesOf, type Interest } from './interest.ts';
import { keeper, type KeeperOfState, type WorkerOfState } from './keeper-methods.ts';
import type { Line } from './line.ts';

/** How many subscribers channels have on all workers. */
export class WorkerCounts {
  readonly #line: Line<WorkerOfState>;
  readonly #interest: Interest;
  /** Of apps that tell counts: by app and channel, what each worker said last. */
  readonly #noted = new Map<string, Map<number, number>>();

  constructor(line: Line<WorkerOfState>, interest: Interest) {
    this.#line = line;
    this.#interest = interest;
  }

  /** A worker has so many subscribers of the channel now. */
  note(worker: number, appId: string, channel: ChannelName, subscribers: number): void {
    const key = `${appId}\n${channel}`;
    const counts = this.#noted.get(key) ?? new Map<number, number>();
    if (subscribers === 0) counts.delete(worker);
    else counts.set(worker, subscribers);
    if (counts.size === 0) this.#noted.delete(key);
    else this.#noted.set(key, counts);
  }

  /** What the workers said last. */
  noted(appId: string, channel: ChannelName): number {
    let sum = 0;
    for (const count of this.#noted.get(`${appId}\n${channel}`)?.values() ?? []) sum += count;
    return sum;
  }

  /** What is true of a channel: its subscribers are counted by the workers. */
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

/** Tells the keeper how many subscribers channels have here, where the app tells them: once in a turn. */
export class CountsOfWorker implements Pick<SubscriptionCounts, 'changed'> {
  readonly #line: Pick<Line<KeeperOfState>, 'tell'>;
  #changed: Map<LocalApp, Set<ChannelName>> | undefined;

  constructor(line: Pick<Line<KeeperOfState>, 'tell'>) {
    this.#line = line;
  }

  changed(app: LocalApp, channel: ChannelName): void {
    if (!app.config.subscriptionCount) return;
    if (this.#changed === undefined) {
      this.#changed = new Map();
      queueMicrotask(() => this.#tell());
    }
    const channels = this.#changed.get(app);
    if (channels === undefined) this.#changed.set(app, new Set([channel]));
    else channels.add(channel);
  }

  #tell(): void {
    for (const [app, channels] of this.#changed ?? []) {
      for (const channel of channels)
        this.#line.tell(keeper, 'count', app.config.id, channel, app.registry.subscribers(channel));
    }
    this.#changed = undefined;
  }
}
