import type { EventName } from './event.ts';

/** The fields of each kind of event besides its name and channel. */
interface OwnFields {
  readonly channel_occupied: unknown;
  readonly channel_vacated: unknown;
  readonly cache_miss: unknown;
  readonly member_added: { readonly user_id: string };
  readonly member_removed: { readonly user_id: string };
  readonly client_event: {
    /** The name given by the client, `client-...`. */
    readonly event: string;
    /** The data sent by the client: a string, which usually contains JSON. */
    readonly data: string;
    readonly socket_id: string;
    /** Only on presence channels. */
    readonly user_id?: string;
  };
  readonly subscription_count: { readonly subscription_count: number };
}

type OwnField = 'user_id' | 'event' | 'data' | 'socket_id' | 'subscription_count';

/**
 * An event as it appears in the `events` of a webhook. Its type depends on its `name`: the `user_id` of `member_added` and
 * `member_removed` is a string, and so are the `event`, `data` and `socket_id` of `client_event`.
 *
 * ```ts
 * if (event.name === 'member_added') online.add(event.user_id);
 * ```
 */
export type WebhookEventFields<Name extends EventName = EventName> = Name extends EventName
  ? { readonly name: Name; readonly channel: string } & OwnFields[Name] & {
        // The fields of other kinds can be read before the name is known.
        readonly [Field in Exclude<OwnField, keyof OwnFields[Name]>]?: never;
      }
  : never;
