import { describe, expect, test } from 'vitest';
import {
  bodyBytes,
  frameBytes,
  frameCeilingBytes,
  largestBody,
  largestMessage,
  memberListBytes,
  messageBytes,
  mostBodyBytes,
  mostMessageBytes,
} from '../../../src/protocol/bounds.ts';
import { defaultLimits, limitTable } from '../../../src/protocol/limits.ts';

const mebibyte = 1024 * 1024;

describe('without a limit', () => {
  test.each(['eventDataBytes', 'userInfoBytes', 'watchlist'] as const)(
    'on %s, messages and frames may have any size',
    (name) => {
      const limits = { ...defaultLimits, [name]: Infinity };
      expect(largestMessage(limits)).toMatchObject({ bytes: Infinity });
      expect(largestMessage(limits).limits[0]).toBe(name);
      expect(messageBytes(limits)).toBe(mostMessageBytes);
      expect(frameBytes(limits)).toBe(mostMessageBytes);
    },
  );

  test.each(['eventsPerBatch', 'channelsPerTrigger'] as const)(
    'on %s, bodies may have any size, and messages are as before',
    (name) => {
      const limits = { ...defaultLimits, [name]: Infinity };
      expect(largestBody(limits).limits).toContain(name);
      expect(bodyBytes(limits)).toBe(mostBodyBytes);
      expect(messageBytes(limits)).toBe(messageBytes(defaultLimits));
    },
  );

  test('on data, a body contains no event that is larger than a message', () => {
    expect(bodyBytes({ ...defaultLimits, eventDataBytes: Infinity })).toBe(mostMessageBytes);
  });
});

test('the largest data that can be configured fits into a message, and ten events of 2 MB into a body', () => {
  const most = { ...defaultLimits, eventDataBytes: limitTable.eventDataBytes.max };
  expect(largestMessage(most).bytes).toBeLessThanOrEqual(mostMessageBytes);
  const large = { ...defaultLimits, eventDataBytes: 2_000_000 };
  expect(largestBody(large).bytes).toBeLessThanOrEqual(mostBodyBytes);
});

test('the network layer reads well more than any app accepts, and at least what may wait for a client', () => {
  const small = { limits: defaultLimits };
  const large = { limits: { ...defaultLimits, eventDataBytes: 2_000_000 } };
  expect(frameCeilingBytes([small], 1024)).toBe(mebibyte);
  expect(frameCeilingBytes([small, large], 1024)).toBe(2 * frameBytes(large.limits));
  expect(frameCeilingBytes([small], 3 * mebibyte)).toBe(3 * mebibyte);
});

test('a list of members contains each id twice and each info once', () => {
  expect(memberListBytes({ ...defaultLimits, presenceMembers: 10 })).toBe(10 * (2 * 128 + 1024));
});
