import { describe, expect, test } from 'vitest';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';
import type { WebhookEvent } from '../../../src/webhooks/event.ts';
import { findUndone } from '../../../src/webhooks/undone.ts';

const channel = 'presence-a' as ChannelName;
const shorthands: Readonly<Record<string, WebhookEvent>> = {
  occupied: { name: 'channel_occupied', channel },
  vacated: { name: 'channel_vacated', channel },
  '+1': { name: 'member_added', channel, userId: '1' },
  '-1': { name: 'member_removed', channel, userId: '1' },
  '+2': { name: 'member_added', channel, userId: '2' },
  '-2': { name: 'member_removed', channel, userId: '2' },
  miss: { name: 'cache_miss', channel, episode: '1' },
};

/** The positions of the events that cancel each other out, in the order in which they were found. */
function undoneIn(history: string): readonly number[] {
  const events = history.split(' ').map((word, position) => ({ event: shorthands[word], position }));
  const eventOf = ({ event }: (typeof events)[number]): WebhookEvent => {
    if (event === undefined) throw new Error(`"${history}" contains an unknown event`);
    return event;
  };
  return findUndone(events, eventOf).map(({ position }) => position);
}

describe('events that cancel each other out', () => {
  test.each([
    ['occupied vacated', [0, 1]],
    ['vacated occupied', [0, 1]],
    ['+1 -1', [0, 1]],
    ['-1 +1', [0, 1]],
    ['+1 +2 -1', [0, 2]],
    ['+1 -1 +1', [0, 1]],
    ['occupied +1 -1 vacated', [1, 2, 0, 3]],
    ['occupied +1 +2 -2 -1 vacated', [2, 3, 1, 4, 0, 5]],
    ['occupied vacated occupied', [0, 1]],
    ['occupied vacated occupied vacated', [0, 1, 2, 3]],
    ['+1 vacated occupied -1', [1, 2, 0, 3]],
    ['occupied miss vacated', [0, 2]],
  ])('in "%s" are %j', (history, positions) => {
    expect(undoneIn(history)).toEqual(positions);
  });

  test.each([
    ['a single event', 'occupied'],
    ['the same event twice', 'occupied occupied'],
    ['the same event of a member twice', '+1 +1'],
    ['events of different members', '+1 -2'],
    ['a channel with a member who has not left', 'occupied +1 vacated'],
    ['members on both sides of an event of the channel', '+1 occupied -1'],
    ['events that change no state', 'miss miss'],
  ])('are none in %s', (_, history) => {
    expect(undoneIn(history)).toEqual([]);
  });
});
