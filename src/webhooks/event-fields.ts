import type { EventName } from './event.ts';

/** The fields of each kind of event besides its name and channel. */
interface OwnFields {
  /** A channel has its first subscriber. */
  readonly channel_occupied: unknown;
  /** A channel has no subscriber any more, and its grace period is over. */
  readonly channel_vacated: unknown;
  /** A client subscribed to a cache channel without a cached event. */
  readonly cache_miss: unknown;
  /** A user is on a presence channel for the first time. */
  readonly member_added: { readonly user_id: string };
  /** A user has left a presence channel, and the grace period is over. */
  readonly member_removed: { readonly user_id: string };
  /** A client sent an event to the channel. */
  readonly client_event: {
    /** The name given by the client, `client-...`. */
    readonly event: string;
    /** The data sent by the client: a string, which usually contains JSON. */
    readonly data: string;
    readonly socket_id: string;
    /** Only on presence channels. */
    readonly user_id?: string;
  };
  /** The number of subscribers of the channel has changed. */
  readonly subscription_count: { readonly subscription_count: number };
}

/** A field that only some kinds of events have. */
type OwnField = 'user_id' | 'event' | 'data' | 'socket_id' | 'subscription_count';

/**
 * An event as it appears in the `events` of a webhook. Its type depends on its `name`: the `user_id` of `member_added` and
 * `member_removed` is a string, and so are the `event`, `data` and `socket_id` of `client_event`.
 *
 * @example
 * const online = new Set<string>();
 * for (const event of receiver.events) {
 *   if (event.name === 'member_added') online.add(event.user_id);
 * }
 * @since 0.1.0
 */
export type WebhookEventFields<Name extends EventName = EventName> = Name extends EventName
  ? { readonly name: Name; readonly channel: string } & OwnFields[Name] & {
        // The fields of other kinds can be read before the name is known.
        readonly [Field in Exclude<OwnField, keyof OwnFields[Name]>]?: never;
      }
  : never;
