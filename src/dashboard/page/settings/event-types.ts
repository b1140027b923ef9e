import type { EventName } from '../../../webhooks/event.ts';

/** When each webhook event is sent. */
export const eventMeanings: Readonly<Record<EventName, string>> = {
  channel_occupied: 'The first subscriber joined a channel.',
  channel_vacated: 'The last subscriber left a channel, and none returned within the grace period.',
  member_added: 'A user joined a presence channel.',
  member_removed: 'A user left a presence channel and did not return within the grace period.',
  client_event: 'A subscriber of a private or presence channel sent a client event.',
  cache_miss: 'A client subscribed to a cache channel that is empty.',
  subscription_count:
    'The number of subscribers of a channel changed. Pusher sends it, Soketify does not. The app must have subscription counts on.',
};
