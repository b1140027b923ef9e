import type { DropReason } from '../ports/metrics.ts';
import type { ChannelName } from '../protocol/channel-name.ts';
import type { EventName } from '../webhooks/event.ts';

/** An event that an endpoint did not get and will not. */
export interface DroppedEvent {
  readonly endpoint: string;
  readonly channel: ChannelName;
  readonly name: EventName;
  readonly reason: DropReason;
  /** Time of day of the drop, in milliseconds. */
  readonly timeMs: number;
}

/** The most drops that are remembered of each app; older ones give way, and are then only counted. */
const remembered = 1000;

/**
 * The last webhook events that were given up. What an endpoint knows is true of every channel that is not
 * in here, so a backend needs to ask the HTTP API for the truth of exactly those.
 */
export class DropJournal {
  readonly #drops = new Map<string, DroppedEvent[]>();
  readonly #forgotten = new Map<string, number>();

  add(appId: string, dropped: DroppedEvent): void {
    const drops = this.#drops.get(appId) ?? [];
    this.#drops.set(appId, drops);
    drops.push(dropped);
    // Cut in halves, so that a flood of drops does not move the whole list with each of them.
    if (drops.length < 2 * remembered) return;
    drops.splice(0, remembered);
    this.#forgotten.set(appId, (this.#forgotten.get(appId) ?? 0) + remembered);
  }

  /** The last drops of an app, oldest first, and how many earlier ones are not remembered. */
  read(appId: string): { readonly dropped: readonly DroppedEvent[]; readonly forgotten: number } {
    const drops = this.#drops.get(appId) ?? [];
    const dropped = drops.slice(-remembered);
    return { dropped, forgotten: (this.#forgotten.get(appId) ?? 0) + drops.length - dropped.length };
  }
}
