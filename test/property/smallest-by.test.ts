import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { smallestBy } from '../../src/structures/smallest-by.ts';
import { runs, seeded } from '../support/property/seeded.ts';

describe(seeded('the items with the smallest numbers'), () => {
  it('are those that sorting all of them would give, without infinite ones', () => {
    const numbers = fc.array(fc.oneof(fc.nat(20), fc.constant(Infinity)), { maxLength: 200, size: 'max' });
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 30 }), (given, most) => {
        const items = given.map((number, index) => ({ number, index }));
        const finite = items.filter(({ number }) => number < Infinity);
        const expected = finite.toSorted((a, b) => a.number - b.number).slice(0, most);
        expect(smallestBy(items, most, ({ number }) => number)).toEqual(expected);
      }),
      runs(500),
    );
  });
});
