import type { WebhookEvent } from '../webhooks/event.ts';

/** The event of a return within the grace period, which would have followed if the departure had been sent. */
export function arrivalFor(departure: WebhookEvent): WebhookEvent | undefined {
  const { channel } = departure;
  if (departure.name === 'channel_vacated') return { name: 'channel_occupied', channel };
  if (departure.name === 'member_removed') return { name: 'member_added', channel, userId: departure.userId };
  return undefined;
}
