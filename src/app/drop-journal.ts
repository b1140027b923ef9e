import type { MaybePromise } from '../ports/maybe-promise.ts';
import type { DropReason } from '../ports/metrics.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import { isExpendable, type EventName } from '../webhooks/event.ts';

/** An event that an endpoint did not get and will not. */
export interface DroppedEvent {
  readonly endpoint: string;
  readonly channel: ChannelName;
  readonly name: EventName;
  readonly reason: DropReason;
  /** Time of day of the drop, in milliseconds. */
  readonly timeMs: number;
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
  /** The last drop of each endpoint and channel, for state and for the rest. */
  read(appId: string): MaybePromise<DropReport>;
}

/** Of so many channels of an app the last drop is remembered; those that are longest ago give way. */
const rememberedChannels = 10_000;

/** The last drop of each endpoint and channel, the latest last. */
class LastDrops {
  readonly #drops = new Map<string, DroppedEvent>();
  #forgotten = 0;

  get forgotten(): number {
    return this.#forgotten;
  }

  add(dropped: DroppedEvent): void {
    const key = `${dropped.endpoint}\n${dropped.channel}`;
    this.#drops.delete(key);
    this.#drops.set(key, dropped);
    if (this.#drops.size <= rememberedChannels) return;
    const [oldest] = this.#drops.keys();
    if (oldest !== undefined) this.#drops.delete(oldest);
    this.#forgotten += 1;
  }

  [Symbol.iterator](): IterableIterator<DroppedEvent> {
    return this.#drops.values();
  }
}

/** What is kept apart: the drops of one kind do not push out those of another. */
interface AppDrops {
  readonly essential: LastDrops;
  readonly expendable: LastDrops;
  readonly disabled: LastDrops;
}

/** Where a drop is kept: events on which what an endpoint knows does not depend are apart, whatever the reason. */
export function dropKind({ name, reason }: Pick<DroppedEvent, 'name' | 'reason'>): keyof AppDrops {
  if (isExpendable(name)) return 'expendable';
  return reason === 'disabled' ? 'disabled' : 'essential';
}

/**
 * The webhook events that were given up. What an endpoint knows is true of every channel that is not in
 * here, so a backend needs to ask the HTTP API for the truth of exactly those. Events on which that truth
 * does not depend are kept apart: they are dropped first and most, and must not push out the others. So are those of
 * disabled endpoints, which may be all that happens for days.
 */
export class DropJournal implements Drops {
  readonly #apps = new Map<string, AppDrops>();

  add(appId: string, dropped: DroppedEvent): void {
    let drops = this.#apps.get(appId);
    if (drops === undefined) {
      drops = { essential: new LastDrops(), expendable: new LastDrops(), disabled: new LastDrops() };
      this.#apps.set(appId, drops);
    }
    drops[dropKind(dropped)].add(dropped);
  }

  /** Nothing of the app was dropped, as far as anybody is told from now on. */
  forget(appId: string): void {
    this.#apps.delete(appId);
  }

  /**
   * The last drop of each endpoint and channel, for state (occupied, vacated, member added and removed) and
   * for the rest; and how many channels of the former are not remembered any more.
   */
  read(appId: string): DropReport {
    const drops = this.#apps.get(appId);
    if (drops === undefined) return { dropped: [], forgotten: 0 };
    return {
      dropped: [...drops.essential, ...drops.disabled, ...drops.expendable],
      forgotten: drops.essential.forgotten + drops.disabled.forgotten,
    };
  }
}
