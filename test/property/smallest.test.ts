import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Smallest } from '../../src/structures/smallest.ts';
import { runs, seeded } from '../support/property/seeded.ts';

it(seeded('the smallest of many texts are the first ones after sorting all'), () => {
  const texts = fc.array(fc.string({ maxLength: 2, unit: fc.constantFrom('a', 'b', 'c') }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 8 }), (all, most) => {
      const smallest = new Smallest<string>(most);
      for (const text of all) smallest.add(text);
      expect(smallest.texts).toEqual([...new Set(all)].toSorted().slice(0, most));
    }),
    runs(300),
  );
});
