import type { Clock, Millis, WallTime } from '../ports/clock.ts';
import type { Endpoint } from '../webhooks/endpoint.ts';
import { encodeEvent, type WebhookEvent } from '../webhooks/event.ts';
import type { QueuedEvent } from '../webhooks/lane.ts';
import type { Allowance } from './allowance.ts';
import { EventRecord } from './event-record.ts';
import type { Movements } from './movements.ts';
import { RecordShelf } from './record-shelf.ts';
import type { EventStatus } from './records.ts';
import type { ShelfBounds } from './shelf.ts';

/** What the records of events need. */
export interface EventRecordsOptions {
  readonly clock: Clock;
  readonly wallTime: WallTime;
  readonly bounds: ShelfBounds;
  /** Whether failures are kept apart. */
  readonly isDivided: boolean;
  readonly allowance: Allowance;
  readonly movements: Movements;
}

/** The endpoint at which events failed, and the number of attempts. */
export interface Failing {
  readonly endpoint: Endpoint;
  readonly webhookId: string | undefined;
  readonly attempts: number;
}

/** An event that was read from a store is identified by its place there, because it may be read again; another one by the object itself. */
type EventKey = WebhookEvent | string;

/** How inexact the age of a stored event may be, because it is measured by another clock. */
const clockErrorMs: Millis = 1000;

const none: readonly EventRecord[] = [];

/** The records of events, and how many were skipped. */
export class EventRecords {
  readonly #options: EventRecordsOptions;
  readonly #shelf: RecordShelf<EventKey, EventRecord>;
  #made = 0;
  #skipped = 0;
  /** Whether events were left to another process, so that they may be read again. */
  #mayReturn = false;

  constructor(options: EventRecordsOptions) {
    this.#options = options;
    this.#shelf = new RecordShelf(options.bounds, options.isDivided);
  }

  get bytes(): number {
    return this.#shelf.bytes;
  }

  /** Since when all events are recorded, in milliseconds since 1970, except for skipped ones. Undefined if none was deleted. */
  get keptSinceMs(): number | undefined {
    return this.#shelf.lost?.recordedAtMs;
  }

  /** How many were skipped since then. */
  get skipped(): number {
    return this.#skipped - (this.#shelf.lost?.happening.skippedBefore ?? 0);
  }

  all(): readonly EventRecord[] {
    return this.#shelf.all();
  }

  clear(appId: string): void {
    this.#shelf.deleteAll((record) => record.appId === appId);
  }

  /** The records of these events. During a burst most events are not recorded, and nothing is looked up for them. */
  of(appId: string, events: readonly QueuedEvent[]): readonly EventRecord[] {
    let found: EventRecord[] | undefined;
    for (const queued of events) {
      if (queued.isRecorded !== true) continue;
      const record = this.#shelf.get(keyOf(appId, queued));
      if (record !== undefined) (found ??= []).push(record);
    }
    return found ?? none;
  }

  /** Records an event that happens now and is not sent, if the allowance permits it. */
  add(appId: string, event: WebhookEvent, status: EventStatus): void {
    if (!this.#mayAdd()) return;
    this.#shelf.put(event, this.#make(appId, event, { key: event, status, ageMs: 0 }));
  }

  /** Records an event that is read now, if the allowance permits it. If it was read before, its record continues. */
  take(
    appId: string,
    event: WebhookEvent,
    { queued, ageMs }: { readonly queued: QueuedEvent | undefined; readonly ageMs: Millis },
    describe: (record: EventRecord) => void,
  ): void {
    const returned = queued && this.#returned(appId, queued);
    if (returned !== undefined) describe(returned);
    else if (this.#mayAdd()) {
      const key = queued === undefined ? event : keyOf(appId, queued);
      const record = this.#make(appId, event, { key, status: 'pending', ageMs });
      describe(record);
      this.#shelf.put(key, record);
    } else return;
    if (queued !== undefined) queued.isRecorded = true;
  }

  /** Records that events are left undecided, for the next process. */
  leave(appId: string, events: readonly QueuedEvent[], endpoint: Endpoint): void {
    this.#mayReturn = true;
    for (const record of this.of(appId, events)) record.leave(endpoint);
  }

  /** Moves failed events to the protected half, and records those that were skipped. */
  keepApart(appId: string, events: readonly QueuedEvent[], of: Failing): void {
    for (const queued of events) {
      const { event, createdAt } = queued;
      const key = keyOf(appId, queued);
      let record = this.#shelf.get(key);
      if (record === undefined) {
        // An event whose record was deleted was not skipped.
        if (createdAt > (this.#shelf.lost?.happening.recordedAtMs ?? -Infinity)) this.#skipped -= 1;
        const ageMs = this.#options.clock.now() - createdAt;
        record = this.#make(appId, event, { key, status: 'pending', ageMs });
        record.attempt(of.endpoint, of.webhookId, of.attempts);
      }
      this.#shelf.putApart(key, record);
      queued.isRecorded = true;
    }
  }

  #returned(appId: string, queued: QueuedEvent): EventRecord | undefined {
    const mayBeKnown = this.#mayReturn || queued.isRecorded === true;
    const record = mayBeKnown ? this.#shelf.get(keyOf(appId, queued)) : undefined;
    // If the store has lost data, another event may have the same place.
    return record && encodeEvent(record.happening.event) === queued.json ? record : undefined;
  }

  #mayAdd(): boolean {
    if (this.#options.allowance.take()) return true;
    this.#skipped += 1;
    return false;
  }

  #make(
    appId: string,
    event: WebhookEvent,
    { key, status, ageMs }: { readonly key: EventKey; readonly status: EventStatus; readonly ageMs: Millis },
  ): EventRecord {
    const { clock, wallTime, movements } = this.#options;
    this.#made += 1;
    const recordedAtMs = clock.now();
    const happenedAtMs = recordedAtMs - ageMs;
    const known = movements.causeOf(appId, event);
    // A later movement cannot be the cause.
    const latestMs = happenedAtMs + (key === event ? 0 : clockErrorMs);
    const cause = known !== undefined && known.atMs > latestMs ? undefined : known;
    const atMs = Math.max(happenedAtMs, cause?.atMs ?? -Infinity);
    return new EventRecord({
      id: this.#made,
      appId,
      event,
      atMs,
      timeMs: wallTime.now() - (recordedAtMs - atMs),
      recordedAtMs,
      cause,
      status,
      skippedBefore: this.#skipped,
    });
  }
}

function keyOf(appId: string, { event, share }: QueuedEvent): EventKey {
  return share?.ref === undefined ? event : `${appId}\n${share.ref}`;
}
