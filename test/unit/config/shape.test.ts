import { describe, expect, test } from 'vitest';
import { either, group, list, partial, record, single } from '../../../src/config/shape.ts';

const digit = single(
  'expected a digit',
  (input: unknown): input is number => typeof input === 'number' && input >= 0 && input <= 9,
  { type: 'integer' },
);
const small = single(
  'expected small letters',
  (input: unknown): input is string => typeof input === 'string' && /^[a-z]+$/.test(input),
  { type: 'string' },
);

describe('what an absent value is', () => {
  test('is a fault unless something is said of it', () => {
    expect(digit.safeParse(undefined)).toMatchObject({ success: false });
  });

  test('is absent in what is made of it', () => {
    expect(group({ a: digit.optional() }).parse({ a: undefined })).toStrictEqual({});
  });

  test('is the default, and never the same list twice', () => {
    const digits = list(digit).default([1]);
    const [one, other] = [digits.parse(undefined), digits.parse(undefined)];
    expect([one, other]).toEqual([[1], [1]]);
    expect(one).not.toBe(other);
  });

  test('is what stands for an input', () => {
    expect(
      group({ a: digit.default(3) })
        .prefault({})
        .parse(undefined),
    ).toEqual({ a: 3 });
  });
});

describe('faults', () => {
  test('are all found, each at its path', () => {
    const shape = group({ list: list(digit), one: digit, two: digit });
    expect(shape.safeParse({ list: [1, 'x', 12], two: null, three: 3 })).toEqual({
      success: false,
      faults: [
        expect.objectContaining({ kind: 'value', path: ['list', 1], input: 'x' }),
        expect.objectContaining({ kind: 'value', path: ['list', 2], input: 12 }),
        expect.objectContaining({ kind: 'value', path: ['one'], input: undefined }),
        expect.objectContaining({ kind: 'value', path: ['two'], input: null }),
        { kind: 'unknown', path: [], key: 'three', accepted: ['list', 'one', 'two'] },
      ],
    });
  });

  test('of a form that is right as far as its kind goes are told, and no others', () => {
    const shape = either('expected a digit or a group', digit, group({ a: digit }));
    expect(shape.safeParse({ a: 'x' })).toMatchObject({
      faults: [{ path: ['a'], message: 'expected a digit' }],
    });
    expect(shape.safeParse('x')).toMatchObject({
      faults: [{ path: [], message: 'expected a digit or a group' }],
    });
  });

  test('of a name are told instead of those of its value', () => {
    expect(record(small, digit).safeParse({ A: 'x', b: 2 })).toEqual({
      success: false,
      faults: [{ kind: 'name', path: ['A'], message: 'expected small letters' }],
    });
  });

  test('what an object inherits is none of its keys', () => {
    const input = JSON.parse('{"__proto__": 1, "toString": 2}') as unknown;
    expect(group({ constructor: digit.optional() }).safeParse(input)).toMatchObject({
      faults: [{ key: '__proto__' }, { key: 'toString' }],
    });
    expect(Object.keys(record(small, digit).parse(JSON.parse('{"a": 1}')))).toEqual(['a']);
  });
});

test('null is accepted where that was said', () => {
  expect(digit.nullable().parse(null)).toBeNull();
  expect(digit.safeParse(null).success).toBe(false);
});

test('the schema for editors says the same', () => {
  const shape = group({
    a: digit.nullable().default(null).describe('One.'),
    b: list(digit, { message: 'expected a digit at least' }),
    ...partial({ c: digit.meta({ format: 'digit' }) }),
  });
  expect(shape.toJsonSchema()).toEqual({
    type: 'object',
    properties: {
      a: { default: null, anyOf: [{ type: 'integer' }, { type: 'null' }], description: 'One.' },
      b: { minItems: 1, type: 'array', items: { type: 'integer' } },
      c: { type: 'integer', format: 'digit' },
    },
    required: ['b'],
    additionalProperties: false,
  });
});
