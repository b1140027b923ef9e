import { describe, expect, test } from 'vitest';
import { isWebhookEvent } from '../../../src/webhooks/event.ts';

const channel = 'presence-room';
const clientEvent = { name: 'client_event', channel, event: 'client-e', data: '1', socketId: '1.2' };
const events = {
  channel_occupied: { name: 'channel_occupied', channel },
  channel_vacated: { name: 'channel_vacated', channel },
  member_added: { name: 'member_added', channel, userId: 'u1' },
  member_removed: { name: 'member_removed', channel, userId: 'u1' },
  client_event: { ...clientEvent, userId: 'u1' },
  cache_miss: { name: 'cache_miss', channel, episode: '1-1' },
  subscription_count: { name: 'subscription_count', channel, count: 0 },
};

describe('a stored event', () => {
  test.each(Object.values(events))('is accepted with all fields of its kind: $name', (event) => {
    expect(isWebhookEvent(event)).toBe(true);
  });

  test('is accepted without a user on channels without members', () => {
    expect(isWebhookEvent(clientEvent)).toBe(true);
  });

  const fields = Object.values(events).flatMap((event) =>
    Object.keys(event).map((field) => ({ event, field })),
  );
  const needed = fields.filter(({ event, field }) => event !== events.client_event || field !== 'userId');
  test.each(needed)('is rejected without the $field of a $event.name', ({ event, field }) => {
    expect(isWebhookEvent({ ...event, [field]: undefined })).toBe(false);
  });

  test.each(fields)('is rejected with a $field of a $event.name that is a list', ({ event, field }) => {
    expect(isWebhookEvent({ ...event, [field]: ['1'] })).toBe(false);
  });

  test.each([
    null,
    'channel_occupied',
    [],
    { ...events.channel_occupied, name: 'channel_renamed' },
    { ...events.channel_occupied, name: 'toString' },
    { ...events.channel_occupied, channel: '' },
    { ...events.client_event, socketId: '1' },
    { ...events.subscription_count, count: -1 },
    { ...events.subscription_count, count: 1.5 },
  ])('is rejected if it is %j', (value) => {
    expect(isWebhookEvent(value)).toBe(false);
  });
});
