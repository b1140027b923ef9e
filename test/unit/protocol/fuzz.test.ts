import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rosterOf } from '../../support/roster.ts';
import { parseChannelData } from '../../../src/protocol/channel-data.ts';
import { isChannelName } from '../../../src/protocol/channel-name.ts';
import { decode, parseObject } from '../../../src/protocol/decode.ts';
import {
  encodeError,
  encodeMemberAdded,
  encodeMemberRemoved,
  encodePresence,
  encodeSubscriptionError,
  eventEncoder,
} from '../../../src/protocol/encode.ts';
import { isHttpError } from '../../../src/protocol/http-error.ts';
import { parseQuery } from '../../../src/protocol/query.ts';
import { decodeBatch, decodeTrigger } from '../../../src/protocol/trigger-request.ts';
import { channelName, limits } from '../../support/unit/application.ts';
import { authenticateRequest } from '../../support/unit/authenticate-request.ts';

const text = fc.string({ unit: 'binary' });
const word = fc.constantFrom(
  'event',
  'data',
  'channel',
  'channels',
  'name',
  'auth',
  'channel_data',
  'socket_id',
  'info',
  'batch',
  'user_id',
  'user_info',
  '__proto__',
  'constructor',
  'toString',
  'pusher:subscribe',
  'pusher:unsubscribe',
  'pusher:ping',
  'client-a',
  'presence-a',
  'private-cache-a',
  '#server-to-user-7',
  '1.1',
  'user_count',
);
/** JSON made of words of the protocol and arbitrary text. */
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    word,
    text,
    fc.double(),
    fc.constantFrom(null, true, '', 0, -0, Infinity),
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .array(fc.tuple(fc.oneof(word, text), tie('value')), { maxLength: 6 })
      .map((entries) => Object.fromEntries(entries)),
  ),
})).value;
const nearJson = fc.tuple(json, fc.nat(), fc.nat({ max: 3 }), text).map(([value, at, gone, put]) => {
  const whole = JSON.stringify(value);
  const start = at % (whole.length + 1);
  return whole.slice(0, start) + put.slice(0, gone) + whole.slice(start + gone);
});
const hostile = fc.oneof(
  text,
  json.map((value) => JSON.stringify(value)),
  nearJson,
  fc.nat({ max: 20_000 }).map((depth) => `{"event":"client-a","channel":"a","data":${'['.repeat(depth)}`),
);
const frame = fc
  .tuple(word, json)
  .map(([event, data]) => JSON.stringify({ event, channel: 'private-a', data }));
const object = fc.oneof(
  json.map((value) => parseObject(JSON.stringify(value)) ?? {}),
  fc.record({ name: fc.oneof(word, json), channels: json, data: json, info: json, socket_id: json }),
);

/** A frame that clients can read: JSON with an event, whose data is a string (or an object in an error). */
function expectFrame(encoded: string): { event: string; data: unknown } {
  const value = JSON.parse(encoded) as { event: string; data: unknown };
  assert.equal(typeof value.event, 'string');
  assert.equal(typeof value.data, value.event === 'pusher:error' ? 'object' : 'string');
  return value;
}

describe('arbitrary input', () => {
  test('as a frame is a command of the catalogue', () => {
    fc.assert(
      fc.property(fc.oneof(hostile, frame), (given) => {
        const command = decode(given);
        switch (command.kind) {
          case 'ping':
          case 'pong':
          case 'unsubscribe':
            return;
          case 'subscribe':
            expect(['string', 'undefined']).toContain(typeof command.auth);
            return;
          case 'signin':
            expect(['string', 'undefined']).toContain(typeof command.auth);
            assert.equal(typeof command.userData, 'string');
            return;
          case 'client-event':
            assert.equal(command.event.startsWith('client-'), true);
            assert.equal(typeof command.channel, 'string');
            expectFrame(eventEncoder(command.event, command.data)(channelName('private-a')));
            return;
          case 'invalid':
            expect(command.error.code).toBeNull();
            expectFrame(encodeError(command.error));
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('as a trigger is read or refused with 400 or 413', () => {
    fc.assert(
      fc.property(object, (body) => {
        const trigger = decodeTrigger(JSON.stringify(body), [], limits);
        if (isHttpError(trigger)) {
          expect([400, 413]).toContain(trigger.status);
          assert.notEqual(trigger.text, '');
          return;
        }
        assert.ok(trigger.channels.length > 0);
        assert.equal(new Set(trigger.channels).size, trigger.channels.length);
        assert.equal(
          trigger.channels.every((channel) => isChannelName(channel, limits)),
          true,
        );
        assert.equal(typeof trigger.data, 'string');
        expect(trigger.name).not.toMatch(/^(pusher:|pusher_internal:|client-|$)/);
      }),
      { numRuns: 1000 },
    );
  });

  test('as a batch is read or refused with 400 or 413', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(json, object), { maxLength: 12 }), (batch) => {
        const triggers = decodeBatch(JSON.stringify({ batch }), limits);
        if (isHttpError(triggers)) expect([400, 413]).toContain(triggers.status);
        else expect(triggers).toHaveLength(batch.length);
      }),
      { numRuns: 1000 },
    );
  });

  test('as channel data is a member or an error', () => {
    const data = fc
      .record({ user_id: json, user_info: json }, { requiredKeys: [] })
      .map((value) => JSON.stringify(value));
    fc.assert(
      fc.property(fc.oneof(hostile, data), (given) => {
        const member = parseChannelData(given, limits);
        if ('error' in member) {
          expect(member.error.code).toBeNull();
          return;
        }
        assert.notEqual(member.userId, '');
        const { user_info: info = null } = parseObject(Buffer.from(given).toString()) ?? {};
        assert.equal(JSON.stringify(JSON.parse(member.infoJson)), JSON.stringify(info));
        const channel = channelName('presence-a');
        const { data: encoded } = expectFrame(encodePresence(channel, rosterOf([member])));
        const { presence } = JSON.parse(encoded as string) as { presence: { ids: string[]; hash: object } };
        assert.deepEqual(presence.ids, [member.userId]);
        assert.deepEqual(Object.keys(presence.hash), [member.userId]);
        expectFrame(encodeMemberAdded(channel, member));
        expectFrame(encodeMemberRemoved(channel, member.userId));
      }),
      { numRuns: 2000 },
    );
  });

  test('as a query string is pairs of text', () => {
    const query = fc.oneof(
      text,
      fc.string({ unit: fc.constantFrom('a', '=', '&', '%', '2', '5', 'f', '+', '[', ']', '\u00e9') }),
    );
    fc.assert(
      fc.property(query, fc.boolean(), (raw, plusIsSpace) => {
        for (const pair of parseQuery(raw, plusIsSpace)) {
          assert.deepEqual(
            pair.map((part) => typeof part),
            ['string', 'string'],
          );
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('as an unsigned request is refused with 401 and one line of text', () => {
    const rawQuery = fc
      .dictionary(
        fc.constantFrom('auth_key', 'auth_timestamp', 'auth_version', 'auth_signature', 'body_md5', 'x'),
        fc.oneof(text, fc.constantFrom('app-key', '1.0', '1353088179')),
      )
      .map((parameters) =>
        Object.entries(parameters)
          .map(([key, value]) => `${key}=${value}`)
          .join('&'),
      );
    fc.assert(
      fc.property(rawQuery, text, fc.uint8Array(), (raw, path, body) => {
        const request = { method: 'POST', path, unprefixedPath: undefined, rawQuery: raw, body };
        const app = { key: 'app-key', secret: 's', otherKeys: [] };
        const refusal = authenticateRequest(app, request, 1_353_088_179_000);
        expect(refusal).toMatchObject({ status: 401, text: expect.not.stringMatching(/[\n\r]/) as string });
      }),
      { numRuns: 2000 },
    );
  });

  test('in an error still gives a frame', () => {
    fc.assert(
      fc.property(text, text, (channel, message) => {
        const error = { code: null, message };
        assert.deepEqual(expectFrame(encodeError(error)).data, error);
        const { data } = expectFrame(encodeSubscriptionError(channel, 'InvalidChannel', error));
        expect(JSON.parse(data as string)).toMatchObject({ type: 'InvalidChannel', error: message });
      }),
    );
  });

  test('in an event gives a frame with exactly that name, data and user id', () => {
    fc.assert(
      fc.property(text, text, text, (name, data, userId) => {
        assert.deepEqual(expectFrame(eventEncoder(name, data, userId)(channelName('a'))), {
          event: name,
          channel: 'a',
          data,
          user_id: userId,
        });
      }),
    );
  });
});
