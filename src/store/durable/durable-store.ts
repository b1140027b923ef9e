import type { Announced } from '../../channels/occupancy.ts';
import type { CacheJournal } from '../../ports/cache-journal.ts';
import type { CachedEvent } from '../../ports/channel-caches.ts';
import type { Cancel, Clock, Millis } from '../../ports/clock.ts';
import type { EventDispatcher, StoredEventState } from '../../ports/delivery-source.ts';
import type { DeliveryStore, KeptBatch, Settlement } from '../../ports/delivery-store.ts';
import type { MaybePromise } from '../../ports/maybe-promise.ts';
import type { Outbox } from '../../ports/outbox.ts';
import type { ChannelName } from '../../protocol/channel-name.ts';
import type { WebhookEvent } from '../../webhooks/event.ts';
import { AnnouncedTable } from './announced-table.ts';
import { BatchTable } from './batch-table.ts';
import { CacheTable } from './cache-table.ts';
import { DormantApps, KeptApps, type KeptApp } from './dormant-apps.ts';
import type { Database } from '../disk/database.ts';
import type { Run } from './run.ts';
import type { Rows } from './rows.ts';
import { OutboxTable, type KeptEvent } from './outbox-table.ts';

/** The dependencies of the store. */
export interface DurableStoreOptions {
  readonly database: Database;
  readonly run: Run;
  readonly clock: Clock;
  /** Receives appended events, and stored ones when they are restored. It is called when it is needed. */
  readonly dispatcher: () => Pick<EventDispatcher, 'restore' | 'take'>;
  /** Adds other changes that belong to this write. */
  readonly beforeWrite: () => void;
  /** Whether client events wait until they would outlive the process. */
  readonly holdsClientEvents: boolean;
}

/** Receives the state of an earlier run. */
export interface StateTarget {
  restoreAnnounced(appId: string, announced: Announced, deadline: Millis): void;
  restoreCached(appId: string, channel: ChannelName, event: CachedEvent, expiresAt: Millis): void;
}

/** The options of a restore. */
export interface RestoreOptions {
  /** Reads the tables, and counts the rows that it does not understand. */
  readonly rows: Rows;
  readonly target: StateTarget;
  /** How long all announced members and channels linger. */
  readonly graceMs: Millis;
  /** The endpoints that must not receive an event, because they did not select it when it happened. */
  readonly newcomers: (appId: string, event: WebhookEvent) => readonly string[];
  /** Whether an app is configured. The state of other apps is kept for a week, in case they are configured again. */
  readonly isConfigured: (appId: string) => boolean;
  /** The apps of which other tables have rows. They are kept and forgotten together with the state. */
  readonly knownApps: Iterable<string>;
}

/** The result of a restore. */
export interface Restored {
  readonly channels: number;
  readonly members: number;
  readonly batches: number;
  readonly events: number;
  readonly cachedEvents: number;
  /** Apps that are not configured. Their state waits for them. */
  readonly dormantApps: readonly string[];
  /** Apps whose state was removed, because they have not been configured for a week. */
  readonly forgottenApps: readonly string[];
  /** Rows in a format of another version. */
  readonly notUnderstood: number;
}

/** How often the time is stored. A crash while idle is dated by that. */
const noteEveryMs: Millis = 1000;

/**
 * What outlives the process of a single node: the announced state, unsettled events and batches, cached events. Its tables are
 * written together, so that a crash leaves everything up to some point. No attempt begins before its batch is safe, together
 * with everything that led to it.
 */
export class DurableStore implements Outbox, DeliveryStore, CacheJournal {
  readonly isShared = false;
  /** The server is shutting down. The cached events are for the next run. */
  #isEnding = false;
  /** Nothing can be stored any more. */
  #isForgoing = false;
  readonly #options: DurableStoreOptions;
  readonly #database: Database;
  readonly #outbox: OutboxTable;
  readonly #batches: BatchTable;
  readonly #announced: AnnouncedTable;
  readonly #cached: CacheTable;
  readonly #dormant: DormantApps;
  #restoring: RestoreOptions | undefined;
  #cancelNote: Cancel = () => {};

  constructor(options: DurableStoreOptions) {
    const { database, run } = options;
    this.#options = options;
    this.#database = database;
    this.#outbox = new OutboxTable(database, run.running, run.starts);
    this.#batches = new BatchTable(database, run.starts);
    this.#announced = new AnnouncedTable(database, run.lasting);
    this.#cached = new CacheTable(database, run.lasting);
    this.#dormant = new DormantApps(database, run, options.clock);
    database.beforeWrite(() => {
      options.beforeWrite();
      this.#outbox.prepare();
      run.note();
    });
  }

  /**
   * Continues where an earlier run ended. All announced members and channels linger. Batches are sent again unchanged, followed
   * by the events that were not in a batch. What belongs to an app that is not configured waits for it. Call it once, before
   * anything else happens.
   */
  restore(options: RestoreOptions): Restored {
    const { rows, isConfigured, knownApps } = options;
    this.#restoring = options;
    const apps = new KeptApps();
    for (const [appId, channels] of this.#announced.restore(rows)) apps.of(appId).channels = channels;
    for (const kept of this.#cached.restore(rows)) apps.of(kept.appId).cached.push(kept);
    const events = [...this.#outbox.restore(rows)];
    for (const kept of events) apps.of(kept.appId).events.push(kept);
    const byRef = new Map(events.map((kept) => [kept.ref, kept]));
    const batches = this.#batches.restore(rows, (ref) => byRef.get(ref));
    for (const batch of batches) apps.of(batch.appId).batches.push(batch);
    for (const appId of knownApps) apps.of(appId);
    const { dormant, forgotten } = this.#dormant.begin(apps, isConfigured);
    for (const [appId, kept] of forgotten) this.#forgetApp(appId, kept);
    const counts = { channels: 0, members: 0, batches: 0, events: 0, cachedEvents: 0 };
    for (const [appId, kept] of apps.all) {
      if (!isConfigured(appId)) continue;
      this.#continue(appId, kept, options);
      counts.channels += kept.channels.length;
      for (const { userIds } of kept.channels) counts.members += userIds.length;
      counts.batches += kept.batches.length;
      counts.events += kept.events.length;
      counts.cachedEvents += kept.cached.length;
    }
    this.#noteTime();
    return {
      ...counts,
      dormantApps: dormant,
      forgottenApps: forgotten.map(([appId]) => appId),
      notUnderstood: rows.notUnderstood,
    };
  }

  /** An app is configured from now on. If it was when an earlier run ended, it continues. */
  wake(appId: string): void {
    const kept = this.#dormant.wake(appId);
    if (kept !== undefined && this.#restoring !== undefined) this.#continue(appId, kept, this.#restoring);
  }

  /** No event so far, of this or an earlier run, has a greater sequence number. */
  get lastPlace(): number {
    return this.#outbox.lastPlace;
  }

  append(appId: string, events: readonly WebhookEvent[]): void {
    const dispatcher = this.#options.dispatcher();
    for (const event of events) {
      this.#announced.apply(appId, event);
      const place = this.#outbox.add(appId, event);
      dispatcher.take(appId, event, { ...place, ageMs: 0, settledFor: noEndpoints });
    }
  }

  kept(): MaybePromise<void> {
    return this.#options.holdsClientEvents ? this.#safeNow() : undefined;
  }

  mayAttempt(): boolean {
    return this.#isForgoing || this.#database.failure === undefined;
  }

  keep(batch: KeptBatch): MaybePromise<boolean> {
    this.#batches.keep(batch);
    if (this.#isForgoing) return true;
    return this.#database.safe('soon');
  }

  postpone(batchId: string, attempts: number): void {
    this.#batches.postpone(batchId, attempts);
  }

  settle(settlement: Settlement): void {
    if (settlement.batchId !== undefined) this.#batches.remove(settlement.batchId);
    this.#outbox.settle(settlement);
  }

  cached(appId: string, channel: ChannelName, event: CachedEvent, ttlMs: Millis): Promise<void> {
    this.#cached.put(appId, channel, event, ttlMs);
    this.#announced.endMiss(appId, channel);
    return this.#safeNow();
  }

  uncached(appId: string, channel: ChannelName): void {
    if (this.#isEnding) return;
    this.#cached.remove(appId, channel);
  }

  missForgotten(appId: string, channel: ChannelName, episode: string): void {
    this.#announced.endMiss(appId, channel, episode);
  }

  /** The shutdown has begun, in which all apps are removed. */
  ending(): void {
    this.#isEnding = true;
  }

  /** The disk cannot be written during the shutdown. Deliveries are sent without being stored, because no later run would send them. */
  forgo(): void {
    this.#isForgoing = true;
  }

  /** Ends this run gracefully: everything is written. */
  async close(): Promise<void> {
    this.#cancelNote();
    this.#options.run.end();
    await this.#database.close();
  }

  /** Waits for the write, but a failing disk does not hold up clients. */
  async #safeNow(): Promise<void> {
    await this.#database.safe('now');
  }

  #noteTime(): void {
    this.#options.run.note();
    this.#cancelNote = this.#options.clock.after(noteEveryMs, () => this.#noteTime());
  }

  /** Converts the end of a miss from the lasting clock to the clock of this process. */
  #onOwnClock(announced: Announced): Announced {
    const { miss } = announced;
    if (miss === undefined) return announced;
    const { clock, run } = this.#options;
    return { ...announced, miss: { ...miss, until: clock.now() + miss.until - run.lasting() } };
  }

  /** Whether an event is an expired cache miss. It need not be sent, because the next miss causes another event. */
  #isLate({ appId, event }: KeptEvent): boolean {
    return event.name === 'cache_miss' && !this.#announced.stands(appId, event.channel, event.episode);
  }

  /** The state of an event that these endpoints must not receive, in this run or a later one. */
  #without(kept: KeptEvent, endpoints: readonly string[]): StoredEventState {
    if (endpoints.length === 0) return kept;
    const { appId, ref, settledFor } = kept;
    for (const endpointId of endpoints) {
      this.#outbox.settle({ appId, endpointId, batchId: undefined, events: [{ ref, isLast: false }] });
    }
    return { ...kept, settledFor: new Set([...settledFor, ...endpoints]) };
  }

  /** Continues an app of an earlier run. */
  #continue(
    appId: string,
    { channels, cached, events, batches }: KeptApp,
    { target, graceMs, newcomers }: RestoreOptions,
  ): void {
    const { clock, dispatcher } = this.#options;
    for (const announced of channels) {
      target.restoreAnnounced(appId, this.#onOwnClock(announced), clock.now() + graceMs);
    }
    for (const { channel, event, remainingMs } of cached) {
      if (remainingMs <= 0) this.#cached.remove(appId, channel);
      else target.restoreCached(appId, channel, event, clock.now() + remainingMs);
    }
    const inBatches = new Set(batches.flatMap(({ refs }) => refs));
    for (const batch of batches) dispatcher().restore(batch);
    for (const kept of events) {
      if (this.#isLate(kept) && !inBatches.has(kept.ref)) this.#giveUp(kept);
      else dispatcher().take(appId, kept.event, this.#without(kept, newcomers(appId, kept.event)));
    }
  }

  /** Removes everything about an app. */
  #forgetApp(appId: string, { channels, cached, events, batches }: KeptApp): void {
    this.#announced.forget(appId, channels);
    for (const { channel } of cached) this.#cached.remove(appId, channel);
    for (const kept of events) this.#giveUp(kept);
    for (const { id } of batches) this.#batches.remove(id);
  }

  #giveUp({ appId, ref }: KeptEvent): void {
    this.#outbox.settle({ appId, endpointId: '', batchId: undefined, events: [{ ref, isLast: true }] });
  }
}

const noEndpoints: ReadonlySet<string> = new Set();
