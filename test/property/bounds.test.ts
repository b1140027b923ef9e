import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import {
  bodyBytes,
  eventBytes,
  frameBytes,
  leastFrameBytes,
  messageBytes,
} from '../../src/protocol/bounds.ts';
import { eventEncoder } from '../../src/protocol/encode.ts';
import { defaultLimits, type Limits } from '../../src/protocol/limits.ts';
import { encodeEvent } from '../../src/webhooks/event.ts';
import { channelName, socketIdOf } from '../support/unit/application.ts';

/** Limits with room for something, or hardly any. */
const someLimits: fc.Arbitrary<Limits> = fc
  .record({
    eventDataBytes: fc.integer({ min: 1, max: 20_000 }),
    eventNameLength: fc.integer({ min: 8, max: 500 }),
    channelNameLength: fc.integer({ min: 10, max: 500 }),
    userIdLength: fc.integer({ min: 1, max: 500 }),
    userInfoBytes: fc.integer({ min: 2, max: 20_000 }),
    watchlist: fc.integer({ min: 1, max: 100 }),
    eventsPerBatch: fc.integer({ min: 1, max: 30 }),
    channelsPerTrigger: fc.integer({ min: 1, max: 100 }),
  })
  .map((given) => ({ ...defaultLimits, ...given }));

/** The most awkward characters: one byte that takes six, quotation marks, and those of two to four bytes. */
const filler = fc.constantFrom('\u0000', '"', '\\', 'x', 'é', '€', '/');

/** About this many bytes of a character. */
function fill(char: string, bytes: number): string {
  return char.repeat(Math.floor(bytes / Buffer.byteLength(char)));
}

/** The same, by the bytes of its JSON. */
function fillJson(char: string, bytes: number): string {
  return char.repeat(Math.floor((bytes - 2) / (Buffer.byteLength(JSON.stringify(char)) - 2)));
}

/** The JSON in which everything but the plainest is escaped, as some encoders write it. */
function escapedJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff/]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const channelOf = ({ channelNameLength }: Limits) => `presence-${'c'.repeat(channelNameLength - 9)}`;
const auth = `${'k'.repeat(200)}:${'0'.repeat(64)}`;

test('a frame that the limits accept is read, however it is escaped', () => {
  fc.assert(
    fc.property(someLimits, filler, (limits, char) => {
      const channel = channelOf(limits);
      const userId = char.repeat(limits.userIdLength);
      const info = fillJson(char, limits.userInfoBytes);
      const watched = Array.from({ length: limits.watchlist }, () => 'w'.repeat(limits.userIdLength));
      const frames = [
        {
          event: `client-${char.repeat(limits.eventNameLength - 7)}`,
          channel,
          data: fill(char, limits.eventDataBytes),
        },
        {
          event: 'pusher:subscribe',
          data: { channel, auth, channel_data: escapedJson({ user_id: userId, user_info: info }) },
        },
        {
          event: 'pusher:signin',
          data: {
            auth,
            user_data: escapedJson({
              id: 'w'.repeat(limits.userIdLength),
              user_info: info,
              watchlist: watched,
            }),
          },
        },
      ];
      for (const frame of frames) {
        assert.ok(Buffer.byteLength(escapedJson(frame)) <= frameBytes(limits));
        // Without the minimum, so that the formula alone suffices.
        assert.ok(Buffer.byteLength(escapedJson(frame)) <= messageBytes(limits));
      }
    }),
  );
});

test('an event that the limits accept fits into a message and a webhook, and bodies with it are read', () => {
  fc.assert(
    fc.property(someLimits, filler, (limits, char) => {
      const channel = channelName(channelOf(limits));
      const name = char.repeat(limits.eventNameLength);
      const data = fill(char, limits.eventDataBytes);
      const userId = char.repeat(limits.userIdLength);
      const frame = eventEncoder(name, data, userId)(channel);
      assert.ok(Buffer.byteLength(frame) <= messageBytes(limits));
      const event = {
        name: 'client_event',
        channel,
        event: name,
        data,
        userId,
        socketId: socketIdOf('1.1'),
      } as const;
      assert.ok(Buffer.byteLength(encodeEvent(event)) <= eventBytes(limits));

      const item = escapedJson({ name, channel, data, socket_id: '123456.7890123' });
      const batch = limits.eventsPerBatch * (item.length + 1) + '{"batch":[]}'.length;
      assert.ok(batch <= bodyBytes(limits));
      const channels = Array.from({ length: limits.channelsPerTrigger }, () => channel);
      assert.ok(escapedJson({ name, channels, data, info: 'user_count' }).length <= bodyBytes(limits));
    }),
  );
});

test('by default frames of 256 KB and bodies of 1 MB are read, and a message fits into 64 KB', () => {
  assert.equal(frameBytes(defaultLimits), leastFrameBytes);
  assert.equal(leastFrameBytes, 262_144);
  assert.equal(bodyBytes(defaultLimits), 1_048_576);
  assert.ok(messageBytes(defaultLimits) <= 65_536);
});
