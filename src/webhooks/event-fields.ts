import type { EventName } from './event.ts';

/** What each kind of event has besides its name and channel. */
interface OwnFields {
  readonly channel_occupied: unknown;
  readonly channel_vacated: unknown;
  readonly cache_miss: unknown;
  readonly member_added: { readonly user_id: string };
  readonly member_removed: { readonly user_id: string };
  readonly client_event: {
    /** The name that the client gave it, `client-...`. */
    readonly event: string;
    /** What the client sent: a string, which mostly holds JSON. */
    readonly data: string;
    readonly socket_id: string;
    /** Presence channels only. */
    readonly user_id?: string;
  };
  readonly subscription_count: { readonly subscription_count: number };
}

type OwnField = 'user_id' | 'event' | 'data' | 'socket_id' | 'subscription_count';

/**
 * An event as it stands in the `events` of a webhook: field for field what a backend gets to see. Its type follows from its
 * `name`: of `member_added` and `member_removed` `user_id` is a string, of `client_event` `event`, `data` and `socket_id` are.
 *
 * ```ts
 * if (event.name === 'member_added') online.add(event.user_id);
 * ```
 */
export type WebhookEventFields<Name extends EventName = EventName> = Name extends EventName
  ? { readonly name: Name; readonly channel: string } & OwnFields[Name] & {
        // The fields of other kinds may be asked for before the name is known.
        readonly [Field in Exclude<OwnField, keyof OwnFields[Name]>]?: never;
      }
  : never;
