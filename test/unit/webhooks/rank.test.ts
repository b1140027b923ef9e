import { describe, expect, test } from 'vitest';
import { rankOf } from '../../../src/webhooks/rank.ts';

describe('the rank of an event', () => {
  test.each([
    ['client_event', 'presence-a', 0],
    ['cache_miss', 'private-cache-a', 0],
    ['subscription_count', 'presence-a', 0],
    ['channel_occupied', 'news', 1],
    ['channel_vacated', 'news-presence-', 1],
    ['channel_vacated', 'news-private-', 1],
    ['channel_occupied', 'private-a', 2],
    ['channel_vacated', 'private-a', 2],
    ['channel_occupied', 'presence-a', 3],
    ['member_added', 'presence-a', 3],
    ['member_removed', 'presence-a', 3],
  ] as const)('of %s on %s is %i', (name, channel, rank) => {
    expect(rankOf({ name, channel: channel as Parameters<typeof rankOf>[0]['channel'] })).toBe(rank);
  });
});
