import type { AttemptResult, DropReason } from '../webhooks/delivery-facts.ts';
import type { EventName } from '../webhooks/event.ts';
import type { WebhookEventFields } from '../webhooks/event-fields.ts';

/** What became of an event. */
export type EventStatus =
  /** Some endpoint is still to get it: it waits for company, is under way, or waits for another attempt. */
  | 'pending'
  /** An endpoint has answered 2xx, and none is still to get it. */
  | 'delivered'
  /** Every endpoint that was to get it has not and will not. */
  | 'dropped'
  /** No endpoint wants such an event of such a channel. */
  | 'filtered'
  /** It was undone within the grace: a departure by a return, or the return by not having been missed. */
  | 'suppressed'
  /** A cache miss that is told already. */
  | 'deduplicated';

/** Why an event happened: what a connection did. */
export interface EventCause {
  /** `unknown`: nothing is recorded of it any more. */
  readonly kind: 'subscribed' | 'unsubscribed' | 'disconnected' | 'client event' | 'reconciled' | 'unknown';
  readonly socket_id?: string;
  readonly user_id?: string;
  /** When the connection did it, on the emulator's clock. */
  readonly atMs: number;
}

/** What became of an event at one endpoint. */
export interface EndpointFate {
  /** The id of the endpoint. */
  readonly endpoint: string;
  readonly url: string;
  readonly status: 'pending' | 'delivered' | 'dropped' | 'filtered';
  /** Why it was filtered or dropped. */
  readonly reason?: 'event type' | 'channel' | DropReason;
  /** The ids of deliveries that held it: the `webhook-id` of their requests. */
  readonly deliveries: readonly string[];
  /** Attempts begun. */
  readonly attempts: number;
  /** How the last attempt that has ended did. */
  readonly lastAttempt?: AttemptEnd;
}

/** How an attempt ended. */
export interface AttemptEnd {
  /** `refused` is any answer but 2xx. */
  readonly outcome: AttemptResult;
  /** The status of the answer, if there was one. */
  readonly status?: number;
  /**
   * Of the header fields of the answer, by lower-case name: `content-type`, `location`, `retry-after`, `server`,
   * `www-authenticate`, up to 200 characters of each.
   */
  readonly answerHeaders?: Readonly<Record<string, string>>;
  /** The beginning of the answer's body, up to 4 KB, as far as it came soon; absent if nothing did. */
  readonly answer?: string;
  /** The system's word for why there was none, such as ECONNREFUSED. */
  readonly error?: string;
}

/** What is known of an event besides what webhooks tell. */
interface RecordOfEvent {
  /** Counts up, from the first event of the emulator. */
  readonly id: number;
  readonly appId: string;
  /** When, on the emulator's clock: milliseconds since its start. */
  readonly atMs: number;
  readonly status: EventStatus;
  readonly cause: EventCause;
  /** The cause and what became of it, as a sentence. */
  readonly why: string;
  readonly endpoints: readonly EndpointFate[];
}

/**
 * Something that happened and that webhooks tell, or would have told. Its type follows from its `name`.
 *
 * ```ts
 * const { user_id } = await soketify.webhooks.waitFor({ name: 'member_added' }); // a string
 * ```
 */
export type EmulatorEvent<Name extends EventName = EventName> = Name extends EventName
  ? WebhookEventFields<Name> & RecordOfEvent
  : never;

/** One POST. */
export interface DeliveryAttempt extends Omit<AttemptEnd, 'outcome'> {
  /** 1 is the first. */
  readonly number: number;
  /** When it began, on the emulator's clock. */
  readonly atMs: number;
  /** When it began, time of day. */
  readonly timeMs: number;
  /** How long it took, on the emulator's clock; absent while it is under way. */
  readonly elapsedMs?: number;
  /** `refused` is any answer but 2xx. */
  readonly outcome: 'pending' | AttemptResult;
  /** The headers of the request. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A request with one event or more to one endpoint, in all its attempts. */
export interface EmulatorDelivery {
  /** The `webhook-id` of the request. */
  readonly id: string;
  readonly appId: string;
  /** The id of the endpoint. */
  readonly endpoint: string;
  readonly url: string;
  readonly status: 'pending' | 'delivered' | 'dropped';
  /** Why it was dropped. */
  readonly reason?: DropReason;
  /** The ids of its events. */
  readonly eventIds: readonly number[];
  /** The body, the same in each attempt. */
  readonly body: string;
  readonly attempts: readonly DeliveryAttempt[];
}
