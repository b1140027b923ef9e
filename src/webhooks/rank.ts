import { isExpendable, type WebhookEvent } from './event.ts';

/** The ranks of events, those that go first when a queue is full before the others. */
export const ranks = [0, 1, 2, 3] as const;

export type Rank = (typeof ranks)[number];

/**
 * How much is lost with an event. 0: no state depends on it. 1: the occupancy of a channel that anybody may
 * subscribe to, and so anybody can cause; 2: of one that needs authorisation; 3: who is present.
 */
export function rankOf({ name, channel }: Pick<WebhookEvent, 'name' | 'channel'>): Rank {
  if (isExpendable(name)) return 0;
  // By far cheaper than `channelKind`, and asked for each event.
  if (channel.startsWith('presence-')) return 3;
  return channel.startsWith('private-') ? 2 : 1;
}
