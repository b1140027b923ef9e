import type { AttemptResult, DropReason } from '../webhooks/delivery-facts.ts';
import type { EventName } from '../webhooks/event.ts';
import type { WebhookEventFields } from '../webhooks/event-fields.ts';

/**
 * The outcome of an event.
 *
 * @since 0.1.0
 */
export type EventStatus =
  /** An endpoint has yet to accept it. It waits for a batch, is being sent, or waits for a retry. */
  | 'pending'
  /** An endpoint has answered 2xx, and no other endpoint is pending. */
  | 'delivered'
  /** It was dropped for every endpoint that selects it. */
  | 'dropped'
  /** No endpoint selects this event of this channel. */
  | 'filtered'
  /** A departure that was followed by a return within the grace period, or that return. */
  | 'suppressed'
  /** A cache miss that was already sent. */
  | 'deduplicated';

/**
 * The cause of an event.
 *
 * @since 0.1.0
 */
export interface EventCause {
  /** What a connection did. `unknown` means that it is no longer recorded, or happened on another node. */
  readonly kind: 'subscribed' | 'unsubscribed' | 'disconnected' | 'client event' | 'reconciled' | 'unknown';
  /** The connection that did it. */
  readonly socket_id?: string;
  /** The user of that connection. */
  readonly user_id?: string;
  /** When the connection did it, on the emulator's clock. */
  readonly atMs: number;
}

/**
 * The outcome of an event at one endpoint.
 *
 * @since 0.1.0
 */
export interface EndpointFate {
  /** The id of the endpoint. */
  readonly endpoint: string;
  /** The URL of the endpoint. */
  readonly url: string;
  /** `filtered`: the endpoint does not select the event. */
  readonly status: 'pending' | 'delivered' | 'dropped' | 'filtered';
  /** Why it was filtered or dropped. */
  readonly reason?: 'event type' | 'channel' | DropReason;
  /** The ids of the deliveries that contained it, which are the `webhook-id` of their requests. */
  readonly deliveries: readonly string[];
  /** The number of attempts that were started. */
  readonly attempts: number;
  /** The end of the last finished attempt. */
  readonly lastAttempt?: AttemptEnd;
}

/**
 * How an attempt ended.
 *
 * @since 0.1.0
 */
export interface AttemptEnd {
  /** `refused` is any status except 2xx. */
  readonly outcome: AttemptResult;
  /** The status of the response, if there was one. */
  readonly status?: number;
  /**
   * Header fields of the response, by lower-case name: `content-type`, `location`, `retry-after`, `server`,
   * `www-authenticate`; the first 200 characters of each. Absent if there are none.
   */
  readonly answerHeaders?: Readonly<Record<string, string>>;
  /** The first 4 KB of the response body, as far as it arrived soon. Absent if nothing arrived. */
  readonly answer?: string;
  /** The system's error code if there was no response, such as ECONNREFUSED. */
  readonly error?: string;
}

/** What another node has taken over has this status on the node that had it before. An emulator has no other nodes. */
export type Moved = 'moved';

/** The outcome of an event at one endpoint, on one of several nodes. */
export interface RecordedFate extends Omit<EndpointFate, 'status'> {
  readonly status: EndpointFate['status'] | Moved;
}

/** What is known of an event besides its fields in a webhook. */
interface RecordOfEvent {
  /** Ascending, starting with the first event of the emulator. */
  readonly id: number;
  /** The app that it happened in. */
  readonly appId: string;
  /** When it happened, in milliseconds since the start on the emulator's clock. */
  readonly atMs: number;
  /** The outcome over all endpoints. */
  readonly status: EventStatus;
  /** What caused it. */
  readonly cause: EventCause;
  /** The cause and the outcome, as a sentence. */
  readonly why: string;
  /** The outcome at each endpoint. */
  readonly endpoints: readonly EndpointFate[];
}

/**
 * A webhook event, sent or not. Its type depends on its `name`.
 *
 * @example
 * const { user_id } = await soketify.webhooks.waitFor({ name: 'member_added' }); // a string
 * @since 0.1.0
 */
export type EmulatorEvent<Name extends EventName = EventName> = Name extends EventName
  ? WebhookEventFields<Name> & RecordOfEvent
  : never;

/**
 * One POST.
 *
 * @since 0.1.0
 */
export interface DeliveryAttempt extends Omit<AttemptEnd, 'outcome'> {
  /** 1 is the first. */
  readonly number: number;
  /** When it began, on the emulator's clock. */
  readonly atMs: number;
  /** When it began, in milliseconds since 1970. */
  readonly timeMs: number;
  /** How long it took on the emulator's clock. Absent while the attempt is in progress. */
  readonly elapsedMs?: number;
  /** `refused` is any status except 2xx. */
  readonly outcome: 'pending' | AttemptResult;
  /** The headers of the request. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A webhook to one endpoint, with all its attempts.
 *
 * @since 0.1.0
 */
export interface EmulatorDelivery {
  /** The `webhook-id` of the request. */
  readonly id: string;
  /** The app that its events happened in. */
  readonly appId: string;
  /** The id of the endpoint. */
  readonly endpoint: string;
  /** The URL that it is sent to. */
  readonly url: string;
  /** `dropped`: it is not tried again. */
  readonly status: 'pending' | 'delivered' | 'dropped';
  /** Why it was dropped. */
  readonly reason?: DropReason;
  /** The ids of its events. */
  readonly eventIds: readonly number[];
  /** The body, which is the same in each attempt. */
  readonly body: string;
  /** Its attempts, the first one first. */
  readonly attempts: readonly DeliveryAttempt[];
}
