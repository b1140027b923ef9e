import type { DeliveryStore, EventRef, Settlement } from '../ports/delivery-store.ts';
import type { ChannelCaches } from '../ports/channel-caches.ts';
import type { QueuedEvent } from '../webhooks/lane.ts';
import type { WebhookEvent } from '../webhooks/event.ts';
import type { Fate, Share } from '../webhooks/share.ts';

/** What settling needs. */
export interface SettlementOptions {
  readonly store: DeliveryStore;
  /** Called when a cache miss reached no endpoint. A function, because the ledger is created with the dispatcher. */
  readonly ledger: () => Pick<ChannelCaches, 'forgetCacheMiss'>;
}

/** Tracks which endpoints have not decided each event, and has the store remove events that no endpoint waits for. */
export class Settlements {
  readonly #options: SettlementOptions;

  constructor(options: SettlementOptions) {
    this.#options = options;
  }

  /** An endpoint has decided these events. */
  settle(place: Omit<Settlement, 'events'>, queued: readonly QueuedEvent[], fate: Fate): void {
    const events: { ref: EventRef; isLast: boolean }[] = [];
    for (const { event, share } of queued) {
      if (share === undefined) continue;
      const isLast = this.#settleOne(place.appId, event, share, fate);
      if (share.ref !== undefined) events.push({ ref: share.ref, isLast });
    }
    if (events.length > 0) this.#options.store.settle({ ...place, events });
  }

  /** The event has been taken, so it is known which endpoints wait for it. The taking itself no longer does. */
  taken(appId: string, event: WebhookEvent, share: Share, fate: Fate): void {
    const isLast = this.#settleOne(appId, event, share, fate);
    if (!isLast || share.ref === undefined) return;
    const events = [{ ref: share.ref, isLast }];
    this.#options.store.settle({ appId, endpointId: '', batchId: undefined, events });
  }

  /** Returns whether it was the last that waited. */
  #settleOne(appId: string, event: WebhookEvent, share: Share, fate: Fate): boolean {
    const isLast = share.settle(fate);
    // It reached no endpoint, so the next miss must be reported again.
    if (isLast && event.name === 'cache_miss' && share.wasInVain) {
      void this.#options.ledger().forgetCacheMiss(appId, event.channel, event.episode);
    }
    return isLast;
  }
}
