import type { WallTime } from '../ports/clock.ts';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import type { Unavailable } from '../ports/unavailable.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { EventName } from '../webhooks/event.ts';
import { passingSelected, type DeliverySubscriber, type DropReason } from '../webhooks/delivery-facts.ts';
import { dropKind, dropKinds, type DropKind } from '../webhooks/drop-kind.ts';

/** An event that an endpoint did not get and will not. */
export interface DroppedEvent {
  readonly endpoint: string;
  readonly channel: ChannelName;
  readonly name: EventName;
  readonly reason: Exclude<DropReason, 'undone'>;
  /** Time of day of the drop, in milliseconds. */
  readonly timeMs: number;
}

/** Whether a value, read back from where drops are kept, is one. */
export function isDroppedEvent(value: unknown): value is DroppedEvent {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  const texts = ['endpoint', 'channel', 'name', 'reason'].map((name) => fields.get(name));
  return texts.every((text) => typeof text === 'string') && Number.isFinite(fields.get('timeMs'));
}

/** The drops of an app as they are told. */
export interface DropReport {
  readonly dropped: readonly DroppedEvent[];
  /** Channels whose drops are remembered no more. */
  readonly forgotten: number;
}

/** Where drops are kept. */
export interface Drops {
  add(appId: string, dropped: DroppedEvent): void;
  /** The last drop of each endpoint and channel, kind by kind. Unavailable while some may be missing. */
  read(appId: string): MaybePromise<DropReport | Unavailable>;
}

/**
 * Keeps what endpoints did not get. What was undone leaves an endpoint with the truth: nobody has to ask for it.
 */
export function keepDrops(drops: Pick<Drops, 'add'>, wallTime: WallTime): DeliverySubscriber {
  return passingSelected((fact) => {
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

/** Hears how the journal changes, for whoever keeps it beyond the process. */
export interface DropKeeper {
  /** The last drop of this endpoint and channel is another one. */
  put(appId: string, kind: DropKind, dropped: DroppedEvent): void;
  /** This one is not to be remembered any more. */
  remove(appId: string, kind: DropKind, dropped: DroppedEvent): void;
  /** This one had to give way; so many of its kind are by now. */
  forgotten(appId: string, kind: DropKind, dropped: DroppedEvent, count: number): void;
  /** Nothing of the app is remembered. */
  clear(appId: string): void;
}

const nothing = (): void => {};
const noKeeper: DropKeeper = { put: nothing, remove: nothing, forgotten: nothing, clear: nothing };

/** Of so many channels of an app and kind the last drop is remembered; those that are longest ago give way. */
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

  /** Returns the drop that had to give way. */
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

  /** Returns what was remembered. */
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
 * The webhook events that were given up. What an endpoint knows is true of every channel that is not in
 * here, so a backend needs to ask the HTTP API for the truth of exactly those.
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

  /** Goes on with what was kept. */
  restore(appId: string, kind: DropKind, kept: DroppedEvent | { readonly forgotten: number }): void {
    const drops = this.#dropsOf(appId, kind);
    if ('forgotten' in kept) drops.forgotten = kept.forgotten;
    else drops.add(kept);
  }

  /** The endpoint knows the truth of the channel again: nobody has to ask for it. */
  resolve(appId: string, endpoint: string, channel: ChannelName): void {
    for (const [kind, drops] of this.#apps.get(appId) ?? []) {
      const dropped = kind === 'expendable' ? undefined : drops.remove(endpoint, channel);
      if (dropped !== undefined) this.#keeper.remove(appId, kind, dropped);
    }
  }

  /** Nothing of the app was dropped, as far as anybody is told from now on. */
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
   * The last drop of each endpoint and channel, those of presence channels first; and how many channels with
   * dropped state (occupied, vacated, member added and removed) are not remembered any more.
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
