import { describe, expect, test } from 'vitest';
import { parseQuery, queryValue, unescapePercent } from '../../../src/protocol/query.ts';

describe('a query string', () => {
  test.each([
    ['', []],
    ['a=1', [['a', '1']]],
    [
      'a=1&b=2&a=3',
      [
        ['a', '1'],
        ['b', '2'],
        ['a', '3'],
      ],
    ],
    ['&', []],
    [
      '&a=1&&b=2&',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['a', [['a', '']]],
    ['a=', [['a', '']]],
    ['=1', [['', '1']]],
    ['a=b=c', [['a', 'b=c']]],
    ['a%3Db=c%26d', [['a=b', 'c&d']]],
    [
      'channels%5B%5D=a&channels[]=b',
      [
        ['channels[]', 'a'],
        ['channels[]', 'b'],
      ],
    ],
    ['a=%C3%A9', [['a', '\u00e9']]],
    [
      'a=%zz&b=%41',
      [
        ['a', '%zz'],
        ['b', 'A'],
      ],
    ],
    ['a=%', [['a', '%']]],
    ['a=%C3', [['a', '%C3']]],
    ['a=1+2%2B', [['a', '1+2+']]],
    ['__proto__=1', [['__proto__', '1']]],
  ])('"%s" is read', (raw, query) => {
    expect(parseQuery(raw)).toEqual(query);
  });

  test('uses + as a space only on request, and %2B never', () => {
    expect(parseQuery('a+b=1+2%2B', true)).toEqual([['a b', '1 2+']]);
  });

  test('gives the first value of a parameter', () => {
    const query = parseQuery('a=1&a=2');
    expect(queryValue(query, 'a')).toBe('1');
    expect(queryValue(query, 'A')).toBeUndefined();
    expect(queryValue(query, 'toString')).toBeUndefined();
  });
});

test.each([
  ['a%20b', 'a b'],
  ['%', '%'],
  ['%ff', '%ff'],
  ['%2', '%2'],
])('"%s" without its escapes is "%s"', (text, plain) => {
  expect(unescapePercent(text)).toBe(plain);
});
