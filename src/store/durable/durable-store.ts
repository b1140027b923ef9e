import type { Announced } from '../../channels/occupancy.ts';
import type { CacheJournal } from '../../ports/cache-journal.ts';
import type { CachedEvent } from '../../ports/channel-caches.ts';
import type { Cancel, Clock, Millis } from '../../ports/clock.ts';
import type { DeliveryMachine } from '../../ports/delivery-source.ts';
import type { DeliveryStore, KeptBatch, Settlement } from '../../ports/delivery-store.ts';
import type { MaybePromise } from '../../ports/maybe-promise.ts';
import type { Outbox } from '../../ports/outbox.ts';
import type { ChannelName } from '../../protocol/channel-name.ts';
import type { WebhookEvent } from '../../webhooks/event.ts';
import { AnnouncedTable } from './announced-table.ts';
import { BatchTable } from './batch-table.ts';
import { CacheTable } from './cache-table.ts';
import type { Database } from '../disk/database.ts';
import type { Life } from './life.ts';
import type { Rows } from './rows.ts';
import { OutboxTable, type KeptEvent } from './outbox-table.ts';

/** What the store is made with. */
export interface DurableStoreOptions {
  readonly database: Database;
  readonly life: Life;
  readonly clock: Clock;
  /** What is appended is taken by it, and what was kept is restored to it. Looked up when it is needed. */
  readonly machine: () => Pick<DeliveryMachine, 'restore' | 'take'>;
  /** Puts what else belongs to this write. */
  readonly beforeWrite: () => void;
  /** Whether client events wait until they would outlive the process. */
  readonly holdsClientEvents: boolean;
}

/** Where the state of an earlier life goes on. */
export interface StateHeir {
  restoreAnnounced(appId: string, announced: Announced, deadline: Millis): void;
  restoreCached(appId: string, channel: ChannelName, event: CachedEvent, expiresAt: Millis): void;
}

/** How a restore goes. */
export interface RestoreOptions {
  /** Reads the tables, and counts what it does not understand. */
  readonly rows: Rows;
  readonly heir: StateHeir;
  /** How long everybody who was announced lingers. */
  readonly graceMs: Millis;
  /** The state of an app that is not configured any more is forgotten. */
  readonly isConfigured: (appId: string) => boolean;
}

/** What a restore has brought back. */
export interface Restored {
  readonly channels: number;
  readonly members: number;
  readonly batches: number;
  readonly events: number;
  readonly cachedEvents: number;
  /** Apps whose state was forgotten. */
  readonly forgottenApps: readonly string[];
  /** Rows that another version has written. */
  readonly notUnderstood: number;
}

/** What time it is, is noted so often: an idle crash is dated to that. */
const noteEveryMs: Millis = 1000;

/**
 * What outlives the process of a single node: what webhooks have said, events and batches that are not settled, cached events.
 * Its tables are written together, so a crash leaves all that was said up to some moment. No attempt begins before the batch
 * is safe, and with it everything that led to it.
 */
export class DurableStore implements Outbox, DeliveryStore, CacheJournal {
  readonly isShared = false;
  /** Everybody is sent away: what caches hold is for the next life. */
  #isEnding = false;
  /** Nothing can be kept any more. */
  #isForgoing = false;
  readonly #options: DurableStoreOptions;
  readonly #database: Database;
  readonly #outbox: OutboxTable;
  readonly #batches: BatchTable;
  readonly #announced: AnnouncedTable;
  readonly #cached: CacheTable;
  #cancelNote: Cancel = () => {};

  constructor(options: DurableStoreOptions) {
    const { database, life } = options;
    this.#options = options;
    this.#database = database;
    this.#outbox = new OutboxTable(database, life.running, life.starts);
    this.#batches = new BatchTable(database, life.starts);
    this.#announced = new AnnouncedTable(database, life.lasting);
    this.#cached = new CacheTable(database, life.lasting);
    database.beforeWrite(() => {
      options.beforeWrite();
      this.#outbox.prepare();
      life.note();
    });
  }

  /**
   * Goes on where an earlier life ended. Everybody who was announced lingers; batches go out again as they were, then
   * events that had come into none. To be called once, before anything else happens.
   */
  restore({ rows, heir, graceMs, isConfigured }: RestoreOptions): Restored {
    const { clock, machine } = this.#options;
    const counts = { channels: 0, members: 0 };
    const forgottenApps = new Set<string>();
    for (const [appId, channels] of this.#announced.restore(rows)) {
      if (!isConfigured(appId)) {
        forgottenApps.add(appId);
        this.#announced.forget(appId, channels);
        continue;
      }
      for (const announced of channels) {
        heir.restoreAnnounced(appId, this.#onOwnClock(announced), clock.now() + graceMs);
        counts.channels += 1;
        counts.members += announced.userIds.length;
      }
    }
    let cachedEvents = 0;
    for (const { appId, channel, event, remainingMs } of this.#cached.restore(rows)) {
      if (!isConfigured(appId)) this.#cached.remove(appId, channel);
      else {
        heir.restoreCached(appId, channel, event, clock.now() + remainingMs);
        cachedEvents += 1;
      }
    }
    const events = [...this.#outbox.restore(rows)];
    const byRef = new Map(events.map((kept) => [kept.ref, kept]));
    const batches = this.#batches.restore(rows, (ref) => byRef.get(ref));
    const inBatches = new Set(batches.flatMap(({ refs }) => refs));
    for (const batch of batches) machine().restore(batch);
    for (const kept of events) {
      if (this.#isLate(kept) && !inBatches.has(kept.ref)) this.#giveUp(kept);
      else machine().take(kept.appId, kept.event, kept);
    }
    this.#noteTime();
    return {
      ...counts,
      batches: batches.length,
      events: events.length,
      cachedEvents,
      forgottenApps: [...forgottenApps],
      notUnderstood: rows.notUnderstood,
    };
  }

  /** No event so far, of this life or an earlier one, has a later place in the order in which events happened. */
  get lastPlace(): number {
    return this.#outbox.lastPlace;
  }

  append(appId: string, events: readonly WebhookEvent[]): void {
    const machine = this.#options.machine();
    for (const event of events) {
      this.#announced.apply(appId, event);
      const place = this.#outbox.add(appId, event);
      machine.take(appId, event, { ...place, ageMs: 0, settledFor: noEndpoints });
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

  /** The end has begun, in which all apps are retired. */
  ending(): void {
    this.#isEnding = true;
  }

  /** The disk takes nothing at the end: deliveries go out without being kept, because nothing is left for a next life. */
  forgo(): void {
    this.#isForgoing = true;
  }

  /** This life ends as it should: all is written. */
  async close(): Promise<void> {
    this.#cancelNote();
    this.#options.life.end();
    await this.#database.close();
  }

  /** A disk that fails holds up no client. */
  async #safeNow(): Promise<void> {
    await this.#database.safe('now');
  }

  #noteTime(): void {
    this.#options.life.note();
    this.#cancelNote = this.#options.clock.after(noteEveryMs, () => this.#noteTime());
  }

  /** A miss that stands until a moment on the lasting clock, on the clock of this process. */
  #onOwnClock(announced: Announced): Announced {
    const { miss } = announced;
    if (miss === undefined) return announced;
    const { clock, life } = this.#options;
    return { ...announced, miss: { ...miss, until: clock.now() + miss.until - life.lasting() } };
  }

  /** A cache miss that stands no more is no news: whoever misses the event now is told of by another. */
  #isLate({ appId, event }: KeptEvent): boolean {
    return event.name === 'cache_miss' && !this.#announced.stands(appId, event.channel, event.episode);
  }

  #giveUp({ appId, ref }: KeptEvent): void {
    this.#outbox.settle({ appId, endpointId: '', batchId: undefined, events: [{ ref, isLast: true }] });
  }
}

const noEndpoints: ReadonlySet<string> = new Set();
