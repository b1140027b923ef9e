import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/commands/command.ts';
import { createEvent, type EventOptions } from '../../../src/commands/webhook-event.ts';
import { encodeEvent } from '../../../src/webhooks/event.ts';

const given = { eventName: 'client-x', data: '{"a":1}', socketId: '1.2' };
const expected = { event: 'client-x', data: '{"a":1}', socket_id: '1.2' };

describe('an event from options', () => {
  test.each<[EventOptions, Record<string, unknown>]>([
    [{ event: 'channel_occupied', channel: 'news' }, {}],
    [{ event: 'channel_vacated', channel: 'presence-a' }, {}],
    [{ event: 'member_added', channel: 'presence-a', userId: '42' }, { user_id: '42' }],
    [{ event: 'member_removed', channel: 'presence-cache-a', userId: '42' }, { user_id: '42' }],
    [{ event: 'client_event', channel: 'private-a', ...given }, expected],
    [
      { event: 'client_event', channel: 'presence-a', ...given, userId: '7' },
      { ...expected, user_id: '7' },
    ],
    [{ event: 'cache_miss', channel: 'private-cache-a' }, {}],
    [{ event: 'subscription_count', channel: 'news', count: 0 }, { subscription_count: 0 }],
  ])('equals what the server sends: %j', (options, fields) => {
    const { event: name, channel } = options;
    expect(JSON.parse(encodeEvent(createEvent(options)))).toEqual({ name, channel, ...fields });
  });

  test.each<[EventOptions, RegExp]>([
    [
      { event: 'member_added', channel: 'presence-a' },
      /^member_added on presence-a needs --user-id; missing: --user-id$/,
    ],
    [{ event: 'member_added', channel: 'news', userId: '7' }, /happens on a presence channel.*; got news$/],
    [{ event: 'cache_miss', channel: 'my-cache-a' }, /happens on a cache channel.*; got my-cache-a$/],
    [{ event: 'client_event', channel: 'news', ...given }, /on a private or presence channel.*; got news$/],
    [{ event: 'client_event', channel: 'private-a' }, /missing: --event-name, --data, --socket-id$/],
    [{ event: 'client_event', channel: 'presence-a', ...given }, /missing: --user-id$/],
    [
      { event: 'client_event', channel: 'private-a', ...given, userId: '7' },
      /has no --user-id; it has --event-name, --data, --socket-id$/,
    ],
    [{ event: 'client_event', channel: 'private-a', ...given, eventName: 'x' }, /did you mean client-x\?$/],
    [{ event: 'client_event', channel: 'private-a', ...given, socketId: '1' }, /such as 123\.456; got 1$/],
    [{ event: 'channel_occupied', channel: 'news', count: 1 }, /has no --count; it has a channel only$/],
    [{ event: 'subscription_count', channel: 'presence-a', count: 1 }, /not a presence channel; got/],
    [{ event: 'channel_occupied', channel: 'no spaces' }, /^Invalid channel name/],
    [
      { event: 'channel_occupied', channel: '#server-to-user-7' },
      /^--channel: no webhook is sent for #server-to-user-7$/,
    ],
  ])('is refused with what is accepted: %j', (options, message) => {
    expect(() => createEvent(options)).toThrow(UsageError);
    expect(() => createEvent(options)).toThrow(message);
  });
});
