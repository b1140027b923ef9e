import { describe, expect, test } from 'vitest';
import { encodeEvent, type WebhookEvent } from '../../../src/webhooks/event.ts';
import { createPayload } from '../../../src/webhooks/payload.ts';
import { parseReceived } from '../../../src/webhooks/received.ts';
import { vectors } from '../../support/unit/vectors.ts';

const { events } = vectors('webhooks') as {
  events: readonly { title: string; event: WebhookEvent; json: string }[];
};

describe('the body of a webhook', () => {
  test.each(events)('is read if the server made it: $title', ({ event, json }) => {
    const { body } = createPayload({ id: 'msg_1', timeMs: 5, events: [encodeEvent(event)] });
    expect(parseReceived(Buffer.from(body).toString())).toEqual({
      kind: 'ok',
      body: { time_ms: 5, events: [JSON.parse(json)] },
    });
  });

  const member = { name: 'member_added', channel: 'presence-a', user_id: '7' };
  const clientEvent = {
    name: 'client_event',
    channel: 'private-a',
    event: 'client-x',
    data: '{}',
    socket_id: '1.2',
  };
  test.each([
    ['', 'the body is empty'],
    ['{', 'the body is not JSON'],
    ['[]', 'the body: expected an object, got an empty array'],
    ['{"events":[]}', 'time_ms: expected whole milliseconds, got nothing'],
    ['{"time_ms":"5","events":[]}', 'time_ms: expected whole milliseconds, got a string'],
    ['{"time_ms":5}', 'events: expected an array, got nothing'],
    [bodyOf(null), 'events[0]: expected an object, got null'],
    [bodyOf({ name: 'member_aded' }), /^events\[0\]\.name: expected one of .*, got 'member_aded'$/],
    [bodyOf({}), /^events\[0\]\.name: expected one of .*, got nothing$/],
    [bodyOf({ name: 'cache_miss' }), 'events[0].channel: expected a string, got nothing'],
    [bodyOf(member, { ...member, user_id: 7 }), 'events[1].user_id: expected a string, got a number'],
    [bodyOf({ ...clientEvent, data: {} }), 'events[0].data: expected a string, got an object'],
    [bodyOf({ ...clientEvent, user_id: 7 }), 'events[0].user_id: expected a string, got a number'],
  ])('is reported as malformed, with the place: %s', (text, message) => {
    expect(parseReceived(text)).toEqual({
      kind: 'malformed',
      message: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
    });
  });

  function bodyOf(...listed: unknown[]): string {
    return JSON.stringify({ time_ms: 5, events: listed });
  }
});
