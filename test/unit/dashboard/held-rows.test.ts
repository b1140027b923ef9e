import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hold, type LoadedRows } from '../../../src/dashboard/page/webhooks/held-rows.ts';

interface Row {
  readonly id: string;
  readonly state?: string;
}

const rows = (...ids: readonly string[]): readonly Row[] => ids.map((id) => ({ id }));
const loaded = (...ids: readonly string[]): LoadedRows<Row> => ({ rows: rows(...ids), isWhole: false });

test('new rows are counted and move nothing while the list is held', () => {
  const held = hold(loaded('e', 'd', 'c', 'b', 'a'), rows('c', 'b'), 10);
  expect(held).toEqual({ rows: rows('c', 'b', 'a'), fresh: 2, hasMoreFresh: false });
});

test('nothing is held back without shown rows', () => {
  expect(hold(loaded('c', 'b', 'a'), undefined, 2)).toMatchObject({ rows: rows('c', 'b'), fresh: 0 });
});

test('shown rows are updated', () => {
  const delivered = { id: 'a', state: 'delivered' };
  const held = hold({ rows: [delivered], isWhole: true }, [{ id: 'a', state: 'pending' }], 10);
  expect(held.rows).toEqual([delivered]);
});

test('shown rows stay when so many new ones arrive that they are not loaded any more', () => {
  const all = hold(loaded('f', 'e', 'd'), rows('c', 'b'), 2);
  expect(all).toEqual({ rows: rows('c', 'b'), fresh: 3, hasMoreFresh: true });
  const some = hold(loaded('f', 'e', 'c'), rows('c', 'b'), 2);
  expect(some).toEqual({ rows: rows('c', 'b'), fresh: 2, hasMoreFresh: false });
});

test('a shown row that the search no longer finds is removed', () => {
  expect(hold(loaded('d', 'c', 'a'), rows('c', 'b', 'a'), 3).rows).toEqual(rows('c', 'a'));
  const whole = hold({ rows: rows('d', 'c'), isWhole: true }, rows('c', 'b', 'a'), 3);
  expect(whole).toEqual({ rows: rows('c'), fresh: 1, hasMoreFresh: false });
});

test('shown rows stay the same, whatever arrives before and after them', () => {
  const amounts = fc.record({
    before: fc.nat(20),
    shown: fc.integer({ min: 1, max: 20 }),
    after: fc.nat(20),
    isWhole: fc.boolean(),
    notLoaded: fc.nat(40),
  });
  fc.assert(
    fc.property(amounts, ({ before, shown, after, isWhole, notLoaded }) => {
      const named = (letter: string, amount: number) =>
        Array.from({ length: amount }, (_, index) => ({ id: `${letter}${index}` }));
      const read = named('s', shown);
      const list = [...named('n', before), ...read, ...named('o', after)];
      const length = isWhole ? list.length : Math.max(1, list.length - notLoaded);
      const held = hold({ rows: list.slice(0, length), isWhole }, read, shown);
      expect(held.rows).toEqual(read);
      expect(held.fresh).toBe(Math.min(before, length));
      expect(held.hasMoreFresh).toBe(length <= before);
    }),
  );
});
