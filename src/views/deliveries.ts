import type { EventName } from '../webhooks/event.ts';

/** What an attempt came to: `success` is 2xx, `refused` any other answer. */
export type AttemptResult = 'success' | 'refused' | 'timeout' | 'unreachable';

/** A request as it was sent. */
export interface RequestView {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A delivery in a list: a request with its events, over all its attempts. */
export interface DeliveryView {
  /** The `webhook-id` of the request. */
  readonly id: string;
  readonly appId: string;
  readonly endpoint: string;
  readonly url: string;
  readonly status: 'pending' | 'delivered' | 'dropped';
  /** Why it was dropped. */
  readonly reason?: string;
  readonly atMs: number;
  /** The names of its events, each once, and the channels. */
  readonly events: readonly {
    readonly name: EventName;
    readonly channel: string;
    readonly user_id?: string;
  }[];
  readonly eventCount: number;
  readonly attempts: number;
  readonly lastAttempt?: {
    readonly result: AttemptResult | 'pending';
    readonly status?: number;
    readonly error?: string;
  };
  readonly elapsedMs?: number;
  /** When the next attempt is due. */
  readonly nextAttemptAtMs?: number;
  readonly isResent: boolean;
}

/** One POST. */
export interface AttemptView {
  readonly number: number;
  /** It was made on demand: which resend of the delivery it was, counted from 1. */
  readonly resend?: number;
  readonly atMs: number;
  readonly elapsedMs?: number;
  readonly result: AttemptResult | 'pending';
  readonly status?: number;
  readonly error?: string;
  /** The request's headers as sent, with the signature. */
  readonly headers: Readonly<Record<string, string>>;
  /** The beginning of the answer's body, up to 4 KB. */
  readonly answer?: string;
}

/** A delivery in full. */
export interface DeliveryDetail extends DeliveryView {
  readonly body: string;
  readonly attemptList: readonly AttemptView[];
  /** Ids of its events in the list of events. */
  readonly eventIds: readonly number[];
}

/** A part of a list, newest first. */
export interface PageOf<Item> {
  readonly items: readonly Item[];
  /** To be given as `before` for the items that follow; absent: there are none. */
  readonly next?: string;
  /** Everything since then is kept, but for what was skipped. What failed may be kept for longer. */
  readonly keptSinceMs: number;
  /** What was not kept since then, of all apps, because more happened than is recorded. */
  readonly skipped: number;
}

/** What caused an event. */
export interface CauseView {
  readonly kind: 'subscribed' | 'unsubscribed' | 'disconnected' | 'client event' | 'reconciled' | 'unknown';
  readonly socket_id?: string;
  readonly user_id?: string;
  readonly atMs: number;
}

/** What became of an event at one endpoint. */
export interface FateView {
  readonly endpoint: string;
  readonly url: string;
  readonly status: 'pending' | 'delivered' | 'dropped' | 'filtered';
  readonly reason?: string;
  readonly deliveries: readonly string[];
  readonly attempts: number;
}

/** Something that webhooks tell or would have told, and why. */
export interface EventView {
  readonly id: number;
  readonly appId: string;
  readonly name: EventName;
  readonly channel: string;
  readonly user_id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly socket_id?: string;
  readonly subscription_count?: number;
  readonly atMs: number;
  readonly status: 'pending' | 'delivered' | 'dropped' | 'filtered' | 'suppressed' | 'deduplicated';
  readonly cause: CauseView;
  /** The cause and what became of it, as a sentence. */
  readonly why: string;
  readonly endpoints: readonly FateView[];
}
