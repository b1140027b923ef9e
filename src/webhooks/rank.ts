import { isExpendable, type WebhookEvent } from './event.ts';

/** The ranks of events. Low ranks are dropped first when a queue is full. */
export const ranks = [0, 1, 2, 3] as const;

export type Rank = (typeof ranks)[number];

/**
 * How much is lost with an event. 0: no state depends on it. 1: the occupancy of a public channel, which any client can cause.
 * 2: the occupancy of a channel that needs authorization. 3: presence.
 */
export function rankOf({ name, channel }: Pick<WebhookEvent, 'name' | 'channel'>): Rank {
  if (isExpendable(name)) return 0;
  // Much cheaper than `channelKind`, and called for each event.
  if (channel.startsWith('presence-')) return 3;
  return channel.startsWith('private-') ? 2 : 1;
}
