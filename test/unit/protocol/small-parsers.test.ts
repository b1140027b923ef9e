import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isHttpError } from '../../../src/protocol/http-error.ts';
import { servesProtocol } from '../../../src/protocol/protocol-version.ts';
import { RateWindow } from '../../../src/protocol/rate-window.ts';
import { formatSocketId, isSocketId } from '../../../src/protocol/socket-id.ts';

describe('a socket id', () => {
  test.each(['1.1', '0.0', '1234.1234', '4294967295.4294967295'])('may be %s', (id) => {
    expect(isSocketId(id)).toBe(true);
  });

  test.each([
    '',
    '1',
    '1.',
    '.1',
    '1.1.1',
    '1,1',
    ' 1.1',
    '1.1\n',
    '-1.1',
    '1e3.1',
    '\u0661.\u0661',
    `${'1'.repeat(63)}.1`,
  ])('cannot be %j', (id) => {
    expect(isSocketId(id)).toBe(false);
  });

  test.each([[undefined], [null], [1.1], [['1.1']], [{ toString: () => '1.1' }]])('cannot be %o', (value) => {
    expect(isSocketId(value)).toBe(false);
  });

  test('has the right form if it is made of two whole numbers', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffffffff }), fc.nat({ max: 0xffffffff }), (left, right) => {
        expect(isSocketId(formatSocketId(left, right))).toBe(true);
      }),
    );
  });
});

describe('a protocol version', () => {
  test.each([undefined, '4', '5', '6', '7'])('%s is supported', (version) => {
    expect(servesProtocol(version)).toBe(true);
  });

  test.each([
    '0',
    '1',
    '2',
    '3',
    '8',
    '70',
    '-7',
    '',
    ' 7',
    '7 ',
    '7.0',
    '7e0',
    '0x7',
    'seven',
    'NaN',
    '\u0667',
  ])('"%s" is not supported', (version) => {
    expect(servesProtocol(version)).toBe(false);
  });
});

describe('the rate window', () => {
  test('accepts what a naive exact sliding window accepts', () => {
    const gap = fc.oneof(fc.nat({ max: 50 }), fc.nat({ max: 1500 }), fc.constant(0));
    const amount = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 14 }));
    const gaps = fc.array(fc.tuple(gap, amount), { maxLength: 200 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 12 }), (steps, limit) => {
        const window = new RateWindow(limit, 1000);
        let accepted: number[] = [];
        let at = 0;
        for (const [step, count] of steps) {
          at += step;
          accepted = accepted.filter((earlier) => at - earlier < 1000);
          const expected = accepted.length + count <= limit;
          if (expected) accepted.push(...Array.from({ length: count }, () => at));
          expect(window.accept(at, count)).toBe(expected);
        }
      }),
    );
  });

  test('accepts everything without a limit', () => {
    const window = new RateWindow(Infinity, 1000);
    for (let count = 0; count < 1000; count += 1) expect(window.accept(0)).toBe(true);
  });
});

test('an HTTP error is distinguished from an answer', () => {
  expect(isHttpError({ status: 400, text: 'x' })).toBe(true);
  for (const value of [undefined, null, 'x', 400, {}, { json: '{}' }, [], ['status', 'text']]) {
    expect(isHttpError(value)).toBe(false);
  }
});
