import { checkedChannelName, type ChannelName } from '../protocol/channel-name.ts';
import { formatSocketId } from '../protocol/socket-id.ts';
import type { EventName, WebhookEvent } from './event.ts';

/** No app uses such channel names by accident. */
const channels = {
  public: checkedChannelName('soketify-test'),
  private: checkedChannelName('private-soketify-test'),
  presence: checkedChannelName('presence-soketify-test'),
  cache: checkedChannelName('private-cache-soketify-test'),
} satisfies Readonly<Record<string, ChannelName>>;

const userId = 'test-user';

/** A plausible event of this name, for testing an endpoint. */
export function exampleOf(name: EventName): WebhookEvent {
  switch (name) {
    case 'channel_occupied':
    case 'channel_vacated':
      return { name, channel: channels.public };
    case 'member_added':
    case 'member_removed':
      return { name, channel: channels.presence, userId };
    case 'client_event':
      return {
        name,
        channel: channels.private,
        event: 'client-soketify-test',
        data: '{"text":"a test"}',
        socketId: formatSocketId(1234, 5678),
        userId: undefined,
      };
    case 'cache_miss':
      return { name, channel: channels.cache, episode: 'test' };
    case 'subscription_count':
      return { name, channel: channels.public, count: 1 };
  }
}
