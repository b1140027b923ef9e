import {
  channelKind,
  describeChannelNameFault,
  isChannelName,
  isInternal,
  type ChannelName,
} from '../protocol/channel-name.ts';
import { defaultLimits } from '../protocol/limits.ts';
import { isSocketId } from '../protocol/socket-id.ts';
import type { EventName, WebhookEvent } from '../webhooks/event.ts';
import { UsageError } from './command.ts';

/** The parts of an event, as options. */
export interface EventOptions {
  readonly event: EventName;
  readonly channel: string;
  readonly userId?: string;
  readonly eventName?: string;
  readonly data?: string;
  readonly socketId?: string;
  readonly count?: number;
}

type Field = 'userId' | 'eventName' | 'data' | 'socketId' | 'count';

const flags: Readonly<Record<Field, string>> = {
  userId: '--user-id',
  eventName: '--event-name',
  data: '--data',
  socketId: '--socket-id',
  count: '--count',
};

/** The channels on which an event can occur. */
interface Place {
  readonly accepts: (name: string) => boolean;
  readonly description: string;
}

const anywhere: Place = { accepts: () => true, description: 'a channel' };
const presence: Place = {
  accepts: (name) => channelKind(name).access === 'presence',
  description: 'a presence channel, presence-...',
};
const confidential: Place = {
  accepts: (name) => ['private', 'presence'].includes(channelKind(name).access),
  description: 'a private or presence channel, private-... or presence-...',
};
const cache: Place = {
  accepts: (name) => channelKind(name).isCache,
  description: 'a cache channel, cache-..., private-cache-... or presence-cache-...',
};
const counted: Place = {
  accepts: (name) => channelKind(name).access !== 'presence',
  description: 'a channel that is not a presence channel',
};

const places: Readonly<Record<EventName, Place>> = {
  channel_occupied: anywhere,
  channel_vacated: anywhere,
  member_added: presence,
  member_removed: presence,
  client_event: confidential,
  cache_miss: cache,
  subscription_count: counted,
};

/** Builds an event as the server sends it. Throws a UsageError that names the missing, invalid or surplus option. */
export function createEvent(options: EventOptions): WebhookEvent {
  const { event: name, channel } = options;
  if (!isChannelName(channel, defaultLimits))
    throw new UsageError(describeChannelNameFault(channel, defaultLimits));
  if (isInternal(channel)) throw new UsageError(`--channel: no webhook is sent for ${channel}`);
  const { accepts, description } = places[name];
  if (!accepts(channel)) {
    throw new UsageError(`--channel: ${name} happens on ${description}; got ${channel}`);
  }
  const needed = neededFields(name, channel);
  const missing = needed.filter((field) => options[field] === undefined);
  if (missing.length > 0) {
    throw new UsageError(
      `${name} on ${channel} needs ${needed.map((field) => flags[field]).join(', ')}; missing: ${missing.map((field) => flags[field]).join(', ')}`,
    );
  }
  const surplus = fields.filter((field) => options[field] !== undefined && !needed.includes(field));
  if (surplus.length > 0) {
    throw new UsageError(
      `${name} on ${channel} has no ${surplus.map((field) => flags[field]).join(', ')}; it has ${needed.length === 0 ? 'a channel only' : needed.map((field) => flags[field]).join(', ')}`,
    );
  }
  return build(channel, options);
}

const fields: readonly Field[] = ['userId', 'eventName', 'data', 'socketId', 'count'];

function neededFields(name: EventName, channel: string): readonly Field[] {
  switch (name) {
    case 'channel_occupied':
    case 'channel_vacated':
    case 'cache_miss':
      return [];
    case 'member_added':
    case 'member_removed':
      return ['userId'];
    case 'subscription_count':
      return ['count'];
    case 'client_event':
      return presence.accepts(channel)
        ? ['eventName', 'data', 'socketId', 'userId']
        : ['eventName', 'data', 'socketId'];
  }
}

function build(channel: ChannelName, options: EventOptions): WebhookEvent {
  const { event: name, userId, eventName = '', data = '', socketId, count = 0 } = options;
  switch (name) {
    case 'channel_occupied':
    case 'channel_vacated':
      return { name, channel };
    case 'cache_miss':
      return { name, channel, episode: '' };
    case 'member_added':
    case 'member_removed':
      return { name, channel, userId: userId ?? '' };
    case 'subscription_count':
      return { name, channel, count };
    case 'client_event':
      if (!eventName.startsWith('client-')) {
        throw new UsageError(
          `--event-name: client events are named client-...; did you mean client-${eventName}?`,
        );
      }
      if (!isSocketId(socketId)) {
        throw new UsageError(`--socket-id: expected digits.digits such as 123.456; got ${socketId}`);
      }
      return { name, channel, event: eventName, data, socketId, userId };
  }
}
