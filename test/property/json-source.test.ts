import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memberSource, memberSources } from '../../src/protocol/json-source.ts';
import { runs } from '../support/property/seeded.ts';

const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 2 });
const digits = fc.stringMatching(/^[0-9]{1,30}$/);
const number = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(
      fc.constant('0'),
      digits.map((more) => `1${more}`),
    ),
    fc.oneof(
      fc.constant(''),
      digits.map((more) => `.${more}`),
    ),
    fc.constantFrom('', 'e5', 'E+400', 'e-400'),
  )
  .map((parts) => parts.join(''));

const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
/** The JSON of a text, with some characters escaped without need. */
const written = (text: string): fc.Arbitrary<string> =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((isEscaped) =>
      text
        .split('')
        .map((unit, index) =>
          isEscaped[index] === true ? escapeUnit(unit) : JSON.stringify(unit).slice(1, -1),
        )
        .join(''),
    )
    .map((inner) => `"${inner}"`);
const key = fc.constantFrom('data', 'd', 'datas', 'dat', '', 'a"b', 'a\\', '__proto__', 'x');
const string = fc
  .oneof(
    key,
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', 'é'), maxLength: 40 }),
  )
  .chain(written);

const listOf = (item: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      space,
      fc.array(
        fc.tuple(space, item, space).map((parts) => parts.join('')),
        { maxLength: 6 },
      ),
    )
    .map(([inner, items]) => (items.length === 0 ? inner : items.join(',')));
const memberOf = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(key.chain(written), space, space, value).map(([name, a, b, one]) => `${name}${a}:${b}${one}`);
const value = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    number,
    string,
    fc.constantFrom('null', 'true', 'false'),
    listOf(tie('value')).map((items) => `[${items}]`),
    listOf(memberOf(tie('value'))).map((members) => `{${members}}`),
  ),
})).value;
const object = listOf(memberOf(value)).map((members) => `{${members}}`);
const around = (json: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(space, json, space).map((parts) => parts.join(''));

describe('the source of a member', () => {
  test('is the text of exactly the value that JSON.parse gives, whatever is around it', () => {
    fc.assert(
      fc.property(around(object), key, (json, name) => {
        const parsed = JSON.parse(json) as Record<string, unknown>;
        const source = memberSource(json, name);
        if (!Object.hasOwn(parsed, name)) {
          assert.equal(source, undefined);
          return;
        }
        assert.equal(source?.trim(), source);
        expect(json).toContain(source);
        expect(JSON.parse(source ?? '')).toStrictEqual(parsed[name]);
      }),
      runs(2000),
    );
  });

  test('is that of the last of equal keys, however they are written', () => {
    const pieces = fc.array(fc.tuple(written('data'), value), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(pieces, (members) => {
        const json = `{${members.map(([name, source]) => `${name}:${source}`).join(',')}}`;
        assert.equal(memberSource(json, 'data'), members.at(-1)?.[1]);
      }),
      runs(500),
    );
  });

  test('keeps the text unchanged', () => {
    fc.assert(
      fc.property(listOf(memberOf(value)), value, space, (others, source, gap) => {
        const json = `{${others.trim() === '' ? '' : `${others},`}"data"${gap}:${gap}${source}${gap}}`;
        assert.equal(memberSource(json, 'data'), source);
      }),
      runs(500),
    );
  });
});

test('for the elements of an array are those of each element', () => {
  const array = listOf(fc.oneof(value, object)).map((items) => `[${items}]`);
  const body = listOf(
    fc.oneof(
      memberOf(value),
      array.map((items) => `"batch":${items}`),
    ),
  );
  fc.assert(
    fc.property(around(body.map((members) => `{${members}}`)), key, (json, name) => {
      const { batch } = JSON.parse(json) as { batch?: unknown };
      const elements: readonly unknown[] = Array.isArray(batch) ? batch : [];
      const sources = memberSources(json, 'batch', name);
      expect(sources).toHaveLength(elements.length);
      elements.forEach((one, index) => {
        const isObject = typeof one === 'object' && one !== null && !Array.isArray(one);
        const has = isObject && Object.hasOwn(one, name);
        const source = sources[index];
        assert.equal(source !== undefined, has);
        if (has) expect(JSON.parse(source ?? '')).toStrictEqual((one as Record<string, unknown>)[name]);
      });
    }),
    runs(500),
  );
});
