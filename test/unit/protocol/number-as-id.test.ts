import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { numberAsId } from '../../../src/protocol/number-as-id.ts';

describe('the id of a number', () => {
  test.each([
    ['10', '10'],
    ['0', '0'],
    ['-7', '-7'],
    ['9007199254740992', '9007199254740992'],
    ['9007199254740993', '9007199254740993'],
    ['340282366920938463463374607431768211455', '340282366920938463463374607431768211455'],
    // Equal numbers are one user.
    ['-0', '0'],
    ['0.0', '0'],
    ['-0e7', '0'],
    ['1.0', '1'],
    ['1e0', '1'],
    ['1E3', '1000'],
    ['1e+3', '1000'],
    ['10000e-1', '1000'],
    ['1.50', '1.5'],
    ['-1.250e1', '-12.5'],
    ['1.234567890123456e+15', '1234567890123456'],
    ['9.007199254740992e15', '9007199254740992'],
    // JavaScript would turn these into other numbers.
    ['9007199254740993.0', '9007199254740993.0'],
    ['1.00000000000000000001', '1.00000000000000000001'],
    ['0.1000000000000000055', '0.1000000000000000055'],
    ['1e400', '1e400'],
    ['-1e400', '-1e400'],
    ['1e-400', '1e-400'],
  ])('%s is %s', (source, id) => {
    expect(numberAsId(source)).toBe(id);
  });

  test('is what JavaScript writes, for every number that it can represent', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(numberAsId(JSON.stringify(number))).toBe(String(number));
      }),
    );
  });

  test('is another one for every whole number', () => {
    const digits = fc.tuple(fc.bigInt(), fc.bigInt({ min: -3n, max: 3n }));
    fc.assert(
      fc.property(digits, ([one, difference]) => {
        const isSame = numberAsId(`${one}`) === numberAsId(`${one + difference}`);
        expect(isSame).toBe(difference === 0n);
      }),
    );
  });

  test('takes only one pass over hostile digits', () => {
    const zeros = '0'.repeat(200_000);
    expect(numberAsId(`1.${zeros}`)).toBe('1');
    expect(numberAsId(`0.${zeros}1`)).toBe(`0.${zeros}1`);
    expect(numberAsId(`1.${zeros}1`)).toBe(`1.${zeros}1`);
  });
});
