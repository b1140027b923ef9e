import type { Clock } from '../ports/clock.ts';
import type { RestoredBatch, RestoredEvent } from '../ports/delivery-source.ts';
import type { EventRef } from '../ports/delivery-store.ts';
import { encodeEvent, type WebhookEvent } from '../webhooks/event.ts';
import type { QueuedEvent } from '../webhooks/lane.ts';
import { Share } from '../webhooks/share.ts';

/** An event of restored batches that has not been taken yet. */
export interface HeldEvent {
  readonly queued: QueuedEvent;
  readonly share: Share;
  /** Ids of the endpoints whose restored batches contain it. */
  readonly heldFor: ReadonlySet<string>;
}

/**
 * The events of restored batches, until the store also returns them as events. Which other endpoints select an event is known
 * only when it is taken. Until then, the taking itself counts as one that waits for it.
 */
export class HeldEvents {
  readonly #clock: Clock;
  /** By app and ref. */
  readonly #held = new Map<string, HeldEvent & { readonly heldFor: Set<string> }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Holds the events of a batch, in order. */
  hold({ appId, endpointId, events }: RestoredBatch): readonly QueuedEvent[] {
    return events.map((event) => this.#hold(appId, endpointId, event));
  }

  /** Takes an event; undefined if no restored batch contains it. */
  take(appId: string, ref: EventRef): HeldEvent | undefined {
    if (this.#held.size === 0) return undefined;
    const key = identify(appId, ref);
    const held = this.#held.get(key);
    this.#held.delete(key);
    return held;
  }

  clear(): void {
    this.#held.clear();
  }

  #hold(appId: string, endpointId: string, { ref, event, ageMs, seq = 0 }: RestoredEvent): QueuedEvent {
    const key = identify(appId, ref);
    let held = this.#held.get(key);
    if (held === undefined) {
      const share = new Share(ref, 1);
      const queued = queue(event, { createdAt: this.#clock.now() - ageMs, seq, share });
      held = { share, queued, heldFor: new Set() };
      this.#held.set(key, held);
    }
    held.share.add(1);
    held.heldFor.add(endpointId);
    return held.queued;
  }
}

/** Makes an event that waits for its endpoints, encoded once for all of them. */
export function queue(
  event: WebhookEvent,
  { createdAt, seq, share }: Pick<QueuedEvent, 'createdAt' | 'seq' | 'share'>,
): QueuedEvent {
  const json = encodeEvent(event);
  return { event, json, bytes: Buffer.byteLength(json), seq, createdAt, share, isRecorded: false };
}

function identify(appId: string, ref: EventRef): string {
  return `${appId}\n${ref}`;
}
