import { describe, expect, test } from 'vitest';
import {
  addAttempt,
  describeAttempt,
  encodeLetter,
  letterBytes,
  parseLetter,
  withAttempt,
  type LetterAttempt,
} from '../../../src/webhooks/dead-letter.ts';
import { deadLetter } from '../../support/unit/dead-letters.ts';

const when = { number: 1, timeMs: 10, elapsedMs: 5 };
const refused: LetterAttempt = { ...when, result: 'refused', status: 500, answer: 'no' };
const tried = deadLetter({
  channels: ['news', 'a"b'],
  attempts: [refused, { ...when, number: 2, result: 'unreachable', error: 'ECONNREFUSED' }],
  attemptsMade: 2,
});

describe('the record of an attempt', () => {
  test('has the status and the beginning of the response', () => {
    expect(describeAttempt({ kind: 'answered', status: 500, body: 'x'.repeat(9000) }, when)).toEqual({
      ...when,
      result: 'refused',
      status: 500,
      answer: 'x'.repeat(4096),
    });
  });

  test('has the error of an endpoint that cannot be reached, and neither for one that is silent', () => {
    expect(describeAttempt({ kind: 'unreachable', code: 'ECONNREFUSED' }, when)).toEqual({
      ...when,
      result: 'unreachable',
      error: 'ECONNREFUSED',
    });
    expect(describeAttempt({ kind: 'timeout' }, when)).toEqual({ ...when, result: 'timeout' });
  });

  test('is removed for later ones when there are many', () => {
    let attempts: readonly LetterAttempt[] = [];
    for (let number = 1; number <= 60; number += 1) attempts = addAttempt(attempts, { ...refused, number });
    expect(attempts.map(({ number }) => number)).toEqual(
      Array.from({ length: 50 }, (_, index) => index + 11),
    );
  });
});

describe('a letter', () => {
  test('counts a failed attempt, and is marked as accepted after a successful one', () => {
    const failed = withAttempt(tried, { ...refused, number: 3, resend: 1 });
    expect(failed).toMatchObject({ attemptsMade: 3, resends: 1, resentAtMs: undefined });
    const taken = withAttempt(failed, { number: 4, resend: 2, timeMs: 20, elapsedMs: 2, result: 'success' });
    expect(taken).toMatchObject({ attemptsMade: 4, resends: 2, resentAtMs: 22 });
    const again = withAttempt(taken, { ...refused, number: 5, resend: 3 });
    expect(again).toMatchObject({ attemptsMade: 5, resends: 3, resentAtMs: 22 });
  });

  test('has more bytes than its texts', () => {
    const texts = tried.events.reduce((sum, { json }) => sum + json.length, 'noECONNREFUSED'.length);
    expect(letterBytes(tried)).toBeGreaterThan(texts);
    expect(letterBytes({ ...tried, attempts: [{ ...refused, answer: '\u20ac' }] })).toBe(
      letterBytes({ ...tried, attempts: [{ ...refused, answer: 'abc' }] }),
    );
  });

  test.each([tried, { ...tried, resends: 2, resentAtMs: 9 }, deadLetter({ reason: 'disabled' })])(
    'is read as it was written (%#)',
    (letter) => {
      const { events, ...rest } = letter;
      const escaped = events.map((event) => ({ ...event, json: JSON.stringify(event) }));
      const written = { ...rest, events: escaped };
      expect(parseLetter(encodeLetter(written))).toEqual(written);
    },
  );

  test.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['null', 'null'],
    ['without an id', change({ id: undefined })],
    ['of an unknown reason', change({ reason: 'undone' })],
    ['with a time that is none', change({ droppedAtMs: '1' })],
    ['with a moment before 1970', change({ timeMs: -1 })],
    ['without events', change({ events: [] })],
    ['with an event of an unknown name', change({ events: ['{"name":"news","channel":"a"}'] })],
    ['with an event without a channel', change({ events: ['{"name":"cache_miss"}'] })],
    ['with an event that is no JSON', change({ events: ['{'] })],
    ['with an attempt of an unknown result', change({ attempts: [{ ...refused, result: 'lost' }] })],
    ['with an attempt whose status is a text', change({ attempts: [{ ...refused, status: '500' }] })],
    ['with an attempt that is none', change({ attempts: [1] })],
    ['with a moment of taking that is none', change({ resentAtMs: null })],
  ])('is not read from other text: %s', (_, text) => {
    expect(parseLetter(text)).toBeUndefined();
  });
});

function change(fields: Readonly<Record<string, unknown>>): string {
  const written = JSON.parse(encodeLetter(deadLetter())) as Record<string, unknown>;
  return JSON.stringify({ ...written, ...fields });
}
