import type { WebhookEvent } from '../webhooks/event.ts';

/** The event that a return within the grace would have been, had the departure been told. */
export function arrivalFor(departure: WebhookEvent): WebhookEvent | undefined {
  const { channel } = departure;
  if (departure.name === 'channel_vacated') return { name: 'channel_occupied', channel };
  if (departure.name === 'member_removed') return { name: 'member_added', channel, userId: departure.userId };
  return undefined;
}
