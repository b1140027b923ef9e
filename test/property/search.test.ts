import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, test } from 'vitest';
import { parseMoment } from '../../src/recording/moments.ts';
import { isSearchFault, parseSearch, searchKeys, type SearchItem } from '../../src/recording/search.ts';
import { quoteTerm } from '../../src/recording/search-terms.ts';
import { runs, seeded } from '../support/property/seeded.ts';

const nowMs = 1_700_000_000_000;

/** Few characters, so that searches and items have much in common. */
const word = fc.string({
  unit: fc.constantFrom('a', 'B', '5', 'x', '*', '-', '>', '"', '\\', ':', ' '),
  maxLength: 8,
});

const value = fc.oneof(word, fc.nat({ max: 600 }), fc.array(word, { maxLength: 3 }), fc.constant(undefined));

const item: fc.Arbitrary<SearchItem> = fc.record({
  fields: fc.record({ channel: value, status: value, attempts: value }),
  text: word.map((text) => () => text),
  atMs: fc.integer({ min: nowMs - 100_000, max: nowMs }),
});

const search = fc.oneof(
  fc.string(),
  word,
  fc
    .array(
      fc.tuple(
        fc.constantFrom('', '-'),
        fc.constantFrom('channel:', 'status:', 'attempts:', 'since:', ''),
        word,
      ),
    )
    .map((terms) => terms.map((parts) => parts.join('')).join(' ')),
);

describe(seeded('a search'), () => {
  test('is parsed or gives a fault with a message, and never throws', () => {
    fc.assert(
      fc.property(search, item, (text, of) => {
        const parsed = parseSearch(text, searchKeys, nowMs);
        if (isSearchFault(parsed)) assert.notEqual(parsed.message, '');
        else assert.equal(typeof parsed.matches(of), 'boolean');
      }),
      runs(2000),
    );
  });

  test('finds exactly the value that is quoted', () => {
    fc.assert(
      fc.property(word, word, (wanted, given) => {
        const parsed = parseSearch(`channel:${quoteTerm(wanted)}`, searchKeys, nowMs);
        if (isSearchFault(parsed)) throw new Error(parsed.message);
        const isFound = parsed.matches({ fields: { channel: given }, text: () => '', atMs: nowMs });
        assert.equal(isFound, wanted.toLowerCase() === given.toLowerCase());
      }),
      runs(2000),
    );
  });

  test('finds exactly the texts that contain a quoted word', () => {
    fc.assert(
      fc.property(word, word, (wanted, text) => {
        const parsed = parseSearch(quoteTerm(wanted), searchKeys, nowMs);
        if (isSearchFault(parsed)) throw new Error(parsed.message);
        const isFound = parsed.matches({ fields: {}, text: () => text, atMs: nowMs });
        assert.equal(isFound, text.toLowerCase().includes(wanted.toLowerCase()));
      }),
      runs(2000),
    );
  });

  test('finds with a minus what it does not find without', () => {
    const term = fc
      .tuple(fc.constantFrom('channel:', 'status:', 'attempts:', ''), word)
      .map(([key, text]) => key + text)
      .filter((text) => text !== '' && !/[\s"]/.test(text) && !text.startsWith('-'));
    fc.assert(
      fc.property(term, item, (text, of) => {
        const plain = parseSearch(text, searchKeys, nowMs);
        const negated = parseSearch(`-${text}`, searchKeys, nowMs);
        assert.equal(isSearchFault(negated), isSearchFault(plain));
        if (isSearchFault(plain) || isSearchFault(negated)) return;
        assert.equal(negated.matches(of), !plain.matches(of));
      }),
      runs(2000),
    );
  });

  test('finds what all of its words find', () => {
    const term = word.map((text) => `channel:${quoteTerm(text)}`);
    fc.assert(
      fc.property(term, term, item, (one, other, of) => {
        const [first, second, both] = [one, other, `${one} ${other}`].map((text) => {
          const parsed = parseSearch(text, searchKeys, nowMs);
          return !isSearchFault(parsed) && parsed.matches(of);
        });
        assert.equal(both, first === true && second === true);
      }),
      runs(1000),
    );
  });
});

describe(seeded('a moment'), () => {
  test('is read according to the calendar', () => {
    const date = fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(date, (moment) => {
        assert.equal(parseMoment(moment.toISOString(), nowMs), moment.getTime());
      }),
      runs(2000),
    );
  });
});
