import type { WallTime } from '../ports/clock.ts';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import type { Unavailable } from '../ports/unavailable.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { EventName } from '../webhooks/event.ts';
import { ignoringSelected, type DeliverySubscriber, type DropReason } from '../webhooks/delivery-facts.ts';
import { dropKind, dropKinds, type DropKind } from '../webhooks/drop-kind.ts';

/** An event that an endpoint did not get and will never get. */
export interface DroppedEvent {
  readonly endpoint: string;
  readonly channel: ChannelName;
  readonly name: EventName;
  readonly reason: Exclude<DropReason, 'undone'>;
  /** Time of day of the drop, in milliseconds. */
  readonly timeMs: number;
}

/** Whether a stored value is a drop. */
export function isDroppedEvent(value: unknown): value is DroppedEvent {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  const texts = ['endpoint', 'channel', 'name', 'reason'].map((name) => fields.get(name));
  return texts.every((text) => typeof text === 'string') && Number.isFinite(fields.get('timeMs'));
}

/** The drops of an app, as reported. */
export interface DropReport {
  readonly dropped: readonly DroppedEvent[];
  /** The number of channels whose drops are no longer remembered. */
  readonly forgotten: number;
}

/** Stores drops. */
export interface Drops {
  add(appId: string, dropped: DroppedEvent): void;
  /** The last drop of each endpoint and channel, by kind. Unavailable while some may be missing. */
  read(appId: string): MaybePromise<DropReport | Unavailable>;
}

/**
 * Records what endpoints did not get, except undone events: without those, an endpoint still knows the truth.
 */
export function keepDrops(drops: Pick<Drops, 'add'>, wallTime: WallTime): DeliverySubscriber {
  return ignoringSelected((fact) => {
    if (fact.kind !== 'decided') return;
    const { appId, endpoint, fate: reason, events } = fact;
    if (reason === 'delivered' || reason === 'undone') return;
    const timeMs = wallTime.now();
    for (const { event } of events) {
      const { channel, name } = event;
      drops.add(appId, { endpoint: endpoint.id, channel, name, reason, timeMs });
    }
  });
}

/** Receives changes of the journal, to store them beyond the process. */
export interface DropKeeper {
  /** The last drop of this endpoint and channel has changed. */
  put(appId: string, kind: DropKind, dropped: DroppedEvent): void;
  /** This drop is no longer remembered. */
  remove(appId: string, kind: DropKind, dropped: DroppedEvent): void;
  /** This drop was pushed out; `count` is how many of its kind have been. */
  forgotten(appId: string, kind: DropKind, dropped: DroppedEvent, count: number): void;
  /** Nothing of the app is remembered any more. */
  clear(appId: string): void;
}

const noop = (): void => {};
const noKeeper: DropKeeper = { put: noop, remove: noop, forgotten: noop, clear: noop };

/** For how many channels of an app and kind the last drop is remembered. The oldest are removed first. */
const rememberedChannels = 10_000;

/** The last drop of each endpoint and channel, the latest last. */
class LastDrops {
  readonly #drops = new Map<string, DroppedEvent>();
  #forgotten = 0;

  get forgotten(): number {
    return this.#forgotten;
  }

  set forgotten(count: number) {
    this.#forgotten = count;
  }

  /** Returns the drop that was pushed out. */
  add(dropped: DroppedEvent): DroppedEvent | undefined {
    const key = `${dropped.endpoint}\n${dropped.channel}`;
    this.#drops.delete(key);
    this.#drops.set(key, dropped);
    if (this.#drops.size <= rememberedChannels) return undefined;
    const [oldest] = this.#drops;
    if (oldest !== undefined) this.#drops.delete(oldest[0]);
    this.#forgotten += 1;
    return oldest?.[1];
  }

  /** Returns the removed drop. */
  remove(endpoint: string, channel: ChannelName): DroppedEvent | undefined {
    const key = `${endpoint}\n${channel}`;
    const dropped = this.#drops.get(key);
    this.#drops.delete(key);
    return dropped;
  }

  [Symbol.iterator](): IterableIterator<DroppedEvent> {
    return this.#drops.values();
  }
}

/**
 * The webhook events that were dropped. What an endpoint knows is true for every channel that is not in here, so a backend
 * needs to query the HTTP API only for these channels.
 */
export class DropJournal implements Drops {
  /** By app, then by kind. */
  readonly #apps = new Map<string, ReadonlyMap<DropKind, LastDrops>>();

  readonly #keeper: DropKeeper;

  constructor(keeper: DropKeeper = noKeeper) {
    this.#keeper = keeper;
  }

  add(appId: string, dropped: DroppedEvent): void {
    const kind = dropKind(dropped);
    const drops = this.#dropsOf(appId, kind);
    const gone = drops.add(dropped);
    this.#keeper.put(appId, kind, dropped);
    if (gone !== undefined) this.#keeper.forgotten(appId, kind, gone, drops.forgotten);
  }

  /** Restores stored records. */
  restore(appId: string, kind: DropKind, kept: DroppedEvent | { readonly forgotten: number }): void {
    const drops = this.#dropsOf(appId, kind);
    if ('forgotten' in kept) drops.forgotten = kept.forgotten;
    else drops.add(kept);
  }

  /** The endpoint knows the truth of the channel again, so its drop is no longer needed. */
  resolve(appId: string, endpoint: string, channel: ChannelName): void {
    for (const [kind, drops] of this.#apps.get(appId) ?? []) {
      const dropped = kind === 'expendable' ? undefined : drops.remove(endpoint, channel);
      if (dropped !== undefined) this.#keeper.remove(appId, kind, dropped);
    }
  }

  /** Removes all records of the app. */
  forget(appId: string): void {
    this.#apps.delete(appId);
    this.#keeper.clear(appId);
  }

  #dropsOf(appId: string, kind: DropKind): LastDrops {
    let drops = this.#apps.get(appId);
    if (drops === undefined) {
      drops = new Map(dropKinds.map((one) => [one, new LastDrops()]));
      this.#apps.set(appId, drops);
    }
    const ofKind = drops.get(kind);
    if (ofKind === undefined) throw new RangeError(`there is no kind ${kind}`);
    return ofKind;
  }

  /**
   * The last drop of each endpoint and channel, those of presence channels first, and the number of channels with dropped state
   * events (occupied, vacated, member added and removed) that are no longer remembered.
   */
  read(appId: string): DropReport {
    const drops = [...(this.#apps.get(appId) ?? [])];
    const essential = drops.filter(([kind]) => kind !== 'expendable');
    return {
      dropped: drops.flatMap(([, ofKind]) => [...ofKind]),
      forgotten: essential.reduce((sum, [, { forgotten }]) => sum + forgotten, 0),
    };
  }
}
