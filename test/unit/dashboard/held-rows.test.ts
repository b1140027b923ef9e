import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hold } from '../../../src/dashboard/page/webhooks/held-rows.ts';

const rows = (...ids: readonly string[]) => ids.map((id) => ({ id }));

test('new rows are counted and move nothing while the list is held', () => {
  const held = hold(rows('e', 'd', 'c', 'b', 'a'), new Set(['c', 'b']), 10);
  expect(held).toEqual({ rows: rows('c', 'b', 'a'), fresh: 2 });
});

test('nothing is held back without shown rows', () => {
  expect(hold(rows('c', 'b', 'a'), undefined, 2)).toEqual({ rows: rows('c', 'b'), fresh: 0 });
});

test('shown rows stay the same, whatever arrives before and after them', () => {
  const amounts = fc.record({
    before: fc.nat(20),
    shown: fc.integer({ min: 1, max: 20 }),
    after: fc.nat(20),
  });
  fc.assert(
    fc.property(amounts, ({ before, shown, after }) => {
      const named = (letter: string, amount: number) =>
        Array.from({ length: amount }, (_, index) => ({ id: `${letter}${index}` }));
      const read = named('s', shown);
      const held = hold(
        [...named('n', before), ...read, ...named('o', after)],
        new Set(read.map(({ id }) => id)),
        shown,
      );
      expect(held).toEqual({ rows: read, fresh: before });
    }),
  );
});
