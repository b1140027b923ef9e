import type { EventName } from '../webhooks/event.ts';

/** The result of an attempt: `success` is a status of 2xx, `refused` is any other status. */
export type AttemptResult = 'success' | 'refused' | 'timeout' | 'unreachable';

/** A request as it was sent. */
export interface RequestView {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A delivery in a list: a webhook to one endpoint, with all its attempts. */
export interface DeliveryView {
  /** The `webhook-id` of the request. */
  readonly id: string;
  readonly appId: string;
  readonly endpoint: string;
  readonly url: string;
  /** `moved`: another node has taken it over. */
  readonly status: 'pending' | 'delivered' | 'dropped' | 'moved';
  /** Why it was dropped. */
  readonly reason?: string;
  readonly atMs: number;
  /** The distinct combinations of name, channel and user among its events. */
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
  /** The number of the resend, counted from 1, if an operator requested the attempt. */
  readonly resend?: number;
  readonly atMs: number;
  readonly elapsedMs?: number;
  readonly result: AttemptResult | 'pending';
  readonly status?: number;
  readonly error?: string;
  /** The headers of the request as sent, with the signature. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first 4 KB of the response body. */
  readonly answer?: string;
}

/** A delivery in full. */
export interface DeliveryDetail extends DeliveryView {
  readonly body: string;
  readonly attemptList: readonly AttemptView[];
  /** Ids of its events in the list of events. */
  readonly eventIds: readonly number[];
}

/** The most deliveries or events on a page. */
export const mostOnPage = 500;

/** One page of a list, newest first. */
export interface PageOf<Item> {
  readonly items: readonly Item[];
  /** The value of `before` for the next page. Absent on the last page. */
  readonly next?: string;
  /** Everything since this time is kept, except what was skipped. Failures may be kept for longer. */
  readonly keptSinceMs: number;
  /** How many records of all apps since then were skipped, because too much happened at once. */
  readonly skipped: number;
}

/** What caused an event. */
export interface CauseView {
  readonly kind: 'subscribed' | 'unsubscribed' | 'disconnected' | 'client event' | 'reconciled' | 'unknown';
  readonly socket_id?: string;
  readonly user_id?: string;
  readonly atMs: number;
}

/** The outcome of an event at one endpoint. */
export interface FateView {
  readonly endpoint: string;
  readonly url: string;
  /** `moved`: another node has taken it over. */
  readonly status: 'pending' | 'delivered' | 'dropped' | 'filtered' | 'moved';
  readonly reason?: string;
  readonly deliveries: readonly string[];
  readonly attempts: number;
}

/** A webhook event, sent or not, and why. */
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
  /** `moved`: another node has taken it over. */
  readonly status: 'pending' | 'delivered' | 'dropped' | 'filtered' | 'suppressed' | 'deduplicated' | 'moved';
  readonly cause: CauseView;
  /** The cause and the outcome, as a sentence. */
  readonly why: string;
  readonly endpoints: readonly FateView[];
}
