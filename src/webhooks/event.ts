import type { ChannelName } from '../protocol/channel-name.ts';
import { jsonText } from '../protocol/json-text.ts';
import { isSocketId, type SocketId } from '../protocol/socket-id.ts';

/** The event types that an endpoint gets unless it chooses, in the order of Soketify's page. */
export const defaultEventNames = [
  'channel_occupied',
  'channel_vacated',
  'member_added',
  'member_removed',
  'client_event',
  'cache_miss',
] as const;

/** The event types that an endpoint may choose from: Soketify's, and Pusher's seventh (protocol D26). */
export const eventNames = [...defaultEventNames, 'subscription_count'] as const;

export type EventName = (typeof eventNames)[number];

interface OnChannel {
  readonly channel: ChannelName;
  /**
   * Whoever caused it, such as the id of a connection; it is not sent. By it the queues of endpoints are shared
   * fairly: events without one count as of one source.
   */
  readonly source?: string | undefined;
  /** The id of the only endpoint that is to get it; it is not sent. Absent: every endpoint that selects it. */
  readonly onlyFor?: string | undefined;
}

/** Something that happened on a channel and that backends may want to hear of. */
export type WebhookEvent = OnChannel &
  (
    | { readonly name: 'channel_occupied' | 'channel_vacated' }
    | { readonly name: 'member_added' | 'member_removed'; readonly userId: string }
    | {
        readonly name: 'client_event';
        readonly event: string;
        /** The event's data as receivers get it, a string. */
        readonly data: string;
        readonly socketId: SocketId;
        /** Presence channels only. */
        readonly userId: string | undefined;
      }
    | {
        readonly name: 'cache_miss';
        /** Which miss this is; it is not sent. While it stands, further misses are not reported. */
        readonly episode: string;
      }
    | {
        readonly name: 'subscription_count';
        /** How many connections are subscribed. */
        readonly count: number;
      }
  );

/** Who caused an event; empty where nobody knows. */
export function sourceOf(event: WebhookEvent): string {
  return (event.name === 'client_event' ? event.socketId : event.source) ?? '';
}

/** What each kind of event has besides its name and channel, and what it must be. */
const fieldsOf: Readonly<Record<EventName, Readonly<Record<string, (value: unknown) => boolean>>>> = {
  channel_occupied: {},
  channel_vacated: {},
  member_added: { userId: isText },
  member_removed: { userId: isText },
  client_event: {
    event: isText,
    data: isText,
    socketId: isSocketId,
    userId: (value) => value === undefined || isText(value),
  },
  cache_miss: { episode: isText },
  subscription_count: { count: (value) => Number.isSafeInteger(value) && Number(value) >= 0 },
};

/**
 * Whether a value, read back from where events are kept, is an event with every field that its kind has. Another
 * version of the program may have written something else.
 */
export function isWebhookEvent(value: unknown): value is WebhookEvent {
  if (typeof value !== 'object' || value === null) return false;
  const given = new Map<string, unknown>(Object.entries(value));
  const name = eventNames.find((one) => one === given.get('name'));
  if (name === undefined || !isText(given.get('channel')) || given.get('channel') === '') return false;
  if (given.has('source') && !isText(given.get('source'))) return false;
  if (given.has('onlyFor') && !isText(given.get('onlyFor'))) return false;
  return Object.entries(fieldsOf[name]).every(([field, isRight]) => isRight(given.get(field)));
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/**
 * The event as one JSON object of a webhook's `events`, with exactly the documented fields. Every value
 * that typed receivers read as a string is one.
 */
export function encodeEvent(event: WebhookEvent): string {
  const { name, channel } = event;
  const head = `{"name":"${name}","channel":${jsonText(channel)}`;
  switch (event.name) {
    case 'channel_occupied':
    case 'channel_vacated':
    case 'cache_miss':
      return `${head}}`;
    case 'member_added':
    case 'member_removed':
      return `${head},"user_id":${jsonText(event.userId)}}`;
    case 'subscription_count':
      return `${head},"subscription_count":${event.count}}`;
    case 'client_event': {
      const user = event.userId === undefined ? '' : `,"user_id":${jsonText(event.userId)}`;
      return `${head},"event":${jsonText(event.event)},"data":${JSON.stringify(event.data)},"socket_id":"${event.socketId}"${user}}`;
    }
  }
}

/**
 * Whether the loss of this event leaves the state that a receiver keeps as true as it was. Such events are
 * the first to go when a queue is full; who is online must not be pushed out by who is typing.
 */
export function isExpendable(name: EventName): boolean {
  return name === 'client_event' || name === 'cache_miss' || name === 'subscription_count';
}
