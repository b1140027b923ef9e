import { CachedEvents } from '../../channels/cached-events.ts';
import { Occupancy, type Announced, type OccupancyListener } from '../../channels/occupancy.ts';
import type { Join, JoinAnswer, Leave, Notice } from '../../ports/attendance.ts';
import { noCacheJournal, type CacheJournal } from '../../ports/cache-journal.ts';
import type { CachedEvent } from '../../ports/channel-caches.ts';
import type { ChannelState, Page } from '../../ports/channel-queries.ts';
import type { Clock, Millis } from '../../ports/clock.ts';
import type { Ledger } from '../../ports/ledger.ts';
import type { MaybePromise } from '../../ports/maybe-promise.ts';
import type { Metrics } from '../../ports/metrics.ts';
import type { SignIn, UserState } from '../../ports/online-users.ts';
import type { Outbox } from '../../ports/outbox.ts';
import { noWitness, type Witness } from '../../ports/witness.ts';
import type { ChannelName } from '../../protocol/channel-name.ts';
import { RateWindow } from '../../protocol/rate-window.ts';
import type { SocketId } from '../../protocol/socket-id.ts';
import type { Slices } from '../../structures/slices.ts';
import type { TurnBudget } from '../../structures/turn-budget.ts';
import { findPage, occupied } from './channel-search.ts';

/** The dependencies of the ledger of a single node. */
export interface MemoryLedgerOptions {
  readonly clock: Clock;
  readonly outbox: Pick<Outbox, 'append'>;
  readonly metrics: Pick<Metrics, 'suppressedByGrace' | 'deduplicated'>;
  readonly witness?: Pick<Witness, 'suppressed'>;
  /** Sends a notice to the subscribers of a channel. Called within the step, before it returns. */
  readonly notify: (appId: string, channel: ChannelName, notice: Notice) => void;
  /** Notifies the watchers of a user. Called within the step, before it returns. */
  readonly notifyWatchers: (appId: string, userId: string, state: UserState) => void;
  /** Something is due at this time: `sweep` must be called then. */
  readonly wake: (dueAt: Millis) => void;
  /** The number of sockets subscribed to a channel. */
  readonly countSubscribers: (appId: string, channel: ChannelName) => number;
  readonly cacheTtlMs: Millis;
  /** Stores what must outlive the process. */
  readonly journal?: CacheJournal;
  /** Identifies this run of the process, so that its cache-miss episodes differ from those of other runs. */
  readonly run?: string;
  /** Runs the removal of apps, one step for each channel and member. */
  readonly slices: Slices;
  /** Limits the search for a page of channels in each turn of the event loop. */
  readonly questions: TurnBudget;
}

/** The ledger of a single node, in memory. Every step is complete when the call returns. */
export class MemoryLedger implements Ledger {
  readonly #options: MemoryLedgerOptions;
  readonly #occupancy: Occupancy;
  readonly #cached: CachedEvents;
  readonly #journal: CacheJournal;
  /** The signed-in users of each app. */
  readonly #online = new Map<string, Set<string>>();
  readonly #triggers = new Map<string, RateWindow>();

  constructor(options: MemoryLedgerOptions) {
    const { outbox, metrics, witness = noWitness, notify, cacheTtlMs, journal = noCacheJournal } = options;
    this.#options = options;
    this.#journal = journal;
    this.#cached = new CachedEvents(cacheTtlMs, (appId, channel) => journal.uncached(appId, channel));
    const listener: OccupancyListener = {
      notify,
      report: (appId, facts) => outbox.append(appId, facts),
      departureCancelled(appId, departure) {
        metrics.suppressedByGrace(appId, departure.name);
        witness.suppressed(appId, departure, 'grace');
      },
      missedAgain(appId, channel, episode) {
        metrics.deduplicated(appId);
        witness.suppressed(appId, { name: 'cache_miss', channel, episode }, 'duplicate');
      },
    };
    this.#occupancy = new Occupancy(listener, options.run);
  }

  /** Restores what an earlier run of the process has announced. All of it lingers until the deadline. */
  restoreAnnounced(appId: string, announced: Announced, deadline: Millis): void {
    this.#occupancy.restore(appId, announced, deadline);
    this.#wake();
  }

  /** What webhooks have reported of a channel and not taken back. */
  announced(appId: string, channel: ChannelName): ReturnType<Occupancy['announced']> {
    return this.#occupancy.announced(appId, channel);
  }

  /** The channel, if it is occupied or lingers. Do not change it. */
  record(appId: string, channel: ChannelName): ReturnType<Occupancy['channel']> {
    return this.#occupancy.channel(appId, channel);
  }

  /** The channels of an app that are occupied or linger. Do not change them. The collection is live. */
  records(appId: string): ReturnType<Occupancy['channels']> {
    return this.#occupancy.channels(appId);
  }

  /** Restores the cached event of a channel, until `expiresAt`. */
  restoreCached(appId: string, channel: ChannelName, event: CachedEvent, expiresAt: Millis): void {
    this.#cached.restore(appId, channel, event, expiresAt);
    this.#wake();
  }

  join(join: Join): JoinAnswer {
    // Only a join that reads the cache needs the time.
    const readAt = join.readsCache ? this.#options.clock.now() : undefined;
    const cached =
      readAt === undefined ? undefined : this.#cached.read(join.appId, join.channel, readAt)?.event;
    const channel = this.#occupancy.join(join, cached === undefined ? readAt : undefined);
    if (channel === undefined) return { kind: 'member-limit' };
    return {
      kind: 'joined',
      ...(join.member && { members: channel.present }),
      ...(cached && { cached }),
    };
  }

  leave(leave: Leave): void {
    if (this.#occupancy.leave(leave, this.#options.clock.now())) this.#wake();
  }

  cacheEvent(appId: string, channel: ChannelName, event: CachedEvent, except?: SocketId): MaybePromise<void> {
    this.#cached.keep(appId, channel, event, this.#options.clock.now());
    this.#options.notify(appId, channel, { kind: 'event', event, except });
    this.#occupancy.endCacheMiss(appId, channel);
    this.#wake();
    return this.#journal.cached(appId, channel, event, this.#options.cacheTtlMs);
  }

  forgetCacheMiss(appId: string, channel: ChannelName, episode: string): void {
    this.#occupancy.forgetCacheMiss(appId, channel, episode);
    this.#journal.missForgotten(appId, channel, episode);
  }

  signIn({ appId, userId, watched }: SignIn): ReadonlySet<string> {
    let online = this.#online.get(appId);
    if (online === undefined) {
      online = new Set();
      this.#online.set(appId, online);
    }
    if (!online.has(userId)) {
      online.add(userId);
      this.#options.notifyWatchers(appId, userId, 'online');
    }
    const known = online;
    return new Set(watched.filter((id) => known.has(id)));
  }

  /** Watchers are not stored: they are the subscribers of a user's topic. */
  unwatch(): void {}

  signOut(appId: string, userId: string): void {
    if (this.#online.get(appId)?.delete(userId) !== true) return;
    this.#options.notifyWatchers(appId, userId, 'offline');
  }

  admitTriggers(appId: string, count: number, perSecond: number): boolean {
    let window = this.#triggers.get(appId);
    if (window?.limit !== perSecond) {
      window = new RateWindow(perSecond, 1000);
      this.#triggers.set(appId, window);
    }
    return window.accept(this.#options.clock.now(), count);
  }

  channel(appId: string, name: ChannelName): ChannelState {
    const channel = this.#occupancy.channel(appId, name);
    const cached = this.#cached.read(appId, name, this.#options.clock.now());
    return {
      occupied: channel?.isLive ?? false,
      userIds: channel === undefined ? [] : [...channel.present.keys()],
      subscriptionCount: this.#options.countSubscribers(appId, name),
      ...(cached && { cache: { data: cached.event.data, ttl: Math.ceil(cached.remainingMs / 1000) } }),
    };
  }

  occupiedChannels(appId: string, prefix: string): readonly ChannelName[];
  occupiedChannels(appId: string, prefix: string, page?: Page): MaybePromise<readonly ChannelName[]>;
  occupiedChannels(appId: string, prefix: string, page?: Page): MaybePromise<readonly ChannelName[]> {
    const channels = this.#occupancy.channels(appId);
    return page === undefined
      ? [...occupied(channels, prefix)]
      : findPage(channels, prefix, page, this.#options.questions);
  }

  sweep(): Millis | undefined {
    const at = this.#options.clock.now();
    this.#cached.sweep(at);
    this.#occupancy.sweep(at);
    this.#wake();
    return this.#nextDueAt();
  }

  /** Removes an app. If it has more channels than fit into a turn, the removal continues in later turns. */
  retire(appId: string): Promise<void> | undefined {
    const { slices } = this.#options;
    slices.add(this.#retiring(appId));
    return slices.done();
  }

  /** The same, completely in this turn. */
  retireNow(appId: string): void {
    void this.retire(appId);
    this.#options.slices.finish();
  }

  *#retiring(appId: string): Generator<void, void> {
    yield* this.#occupancy.retire(appId);
    this.#cached.forget(appId);
    this.#online.delete(appId);
    this.#triggers.delete(appId);
  }

  #wake(): void {
    const dueAt = this.#nextDueAt();
    if (dueAt !== undefined) this.#options.wake(dueAt);
  }

  #nextDueAt(): Millis | undefined {
    const dueAt = Math.min(this.#occupancy.nextDueAt ?? Infinity, this.#cached.nextDueAt ?? Infinity);
    return dueAt === Infinity ? undefined : dueAt;
  }
}
