import type { ChannelName } from '../protocol/channel-name.ts';
import { isText } from '../protocol/json-value.ts';
import { jsonText } from '../protocol/json-text.ts';
import { isSocketId, type SocketId } from '../protocol/socket-id.ts';

/** The event types that an endpoint receives by default, in the order of Soketify's documentation. */
export const defaultEventNames = [
  'channel_occupied',
  'channel_vacated',
  'member_added',
  'member_removed',
  'client_event',
  'cache_miss',
] as const;

/** The event types that an endpoint may select: Soketify's six, and Pusher's `subscription_count`. */
export const eventNames = [...defaultEventNames, 'subscription_count'] as const;

/**
 * The type of a webhook event.
 *
 * @since 0.1.0
 */
export type EventName = (typeof eventNames)[number];

/** Whether a name is one of them. */
export function isEventName(name: string): name is EventName {
  return eventNames.some((one) => one === name);
}

interface OnChannel {
  readonly channel: ChannelName;
  /**
   * What caused the event, such as the id of a connection; it is not sent. The queues of endpoints are shared fairly between
   * sources. Events without a source count as one source.
   */
  readonly source?: string | undefined;
  /** The id of the only endpoint that receives it; it is not sent. Absent: all endpoints that select it. */
  readonly onlyFor?: string | undefined;
}

/** Something that happened on a channel and that webhooks report. */
export type WebhookEvent = OnChannel &
  (
    | { readonly name: 'channel_occupied' | 'channel_vacated' }
    | { readonly name: 'member_added' | 'member_removed'; readonly userId: string }
    | {
        readonly name: 'client_event';
        readonly event: string;
        /** The event's data in the form that receivers get, a string. */
        readonly data: string;
        readonly socketId: SocketId;
        /** Only on presence channels. */
        readonly userId: string | undefined;
      }
    | {
        readonly name: 'cache_miss';
        /** Identifies the miss; it is not sent. Further misses of the same episode are not reported. */
        readonly episode: string;
      }
    | {
        readonly name: 'subscription_count';
        /** The number of subscribed connections. */
        readonly count: number;
      }
  );

/** What caused an event; empty if unknown. */
export function sourceOf(event: WebhookEvent): string {
  return (event.name === 'client_event' ? event.socketId : event.source) ?? '';
}

/** The fields of each kind of event besides name and channel, and their checks. */
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
 * Whether a stored value is an event with every field of its kind. Another version of the program may have written something
 * else.
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

/**
 * The event as a JSON object of a webhook's `events`, with exactly the documented fields. Values that typed receivers read as
 * strings are strings.
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
 * Whether a receiver's state stays true without this event. Such events are dropped first when a queue is full: presence must
 * not be pushed out by typing indicators.
 */
export function isExpendable(name: EventName): boolean {
  return name === 'client_event' || name === 'cache_miss' || name === 'subscription_count';
}
