import fc from 'fast-check';
import { expect, test } from 'vitest';
import { href, parseRoute } from '../../../src/dashboard/page/route-text.ts';

test('a parsed route equals the written one, whatever it contains', () => {
  const texts = fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1, maxLength: 4 });
  const query = fc.dictionary(
    fc.stringMatching(/^[a-z]{1,6}$/),
    fc.string({ unit: 'grapheme', minLength: 1 }),
  );
  fc.assert(
    fc.property(texts, query, (path, given) => {
      expect(parseRoute(href(path, given))).toEqual({ path, query: { ...given } });
    }),
  );
});

test('empty and undefined parameters are left out of the address', () => {
  expect(href(['apps', '1', 'settings'], { q: '', edit: undefined })).toBe('#/apps/1/settings');
});

test('a fragment that is wrongly encoded is used unchanged', () => {
  expect(parseRoute('#/apps/%E0%A4%A').path).toEqual(['apps', '%E0%A4%A']);
});
