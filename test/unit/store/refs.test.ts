import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { seqAfter } from '../../../src/store/redis/deliveries/refs.ts';

const year2100 = Date.UTC(2100, 0, 1);

/** The sequence numbers of entries that are read in this order. */
function seqsOf(ids: readonly string[]): readonly number[] {
  const seqs: number[] = [];
  for (const id of ids) seqs.push(seqAfter(seqs.at(-1) ?? 0, id));
  return seqs;
}

const ids = fc
  .array(fc.tuple(fc.integer({ min: 1, max: year2100 }), fc.nat(5000)), { minLength: 1 })
  .map((parts) =>
    parts.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]).map(([ms, number]) => `${ms}-${number}`),
  );

test('entries that are read later have greater numbers, whatever their ids', () => {
  const inAnyOrder = fc.array(fc.tuple(fc.integer({ min: 0, max: year2100 }), fc.nat(10_000)));
  fc.assert(
    fc.property(inAnyOrder, (parts) => {
      const seqs = seqsOf(parts.map(([ms, number]) => `${ms}-${number}`));
      expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
      expect(seqs.every(Number.isSafeInteger)).toBe(true);
    }),
  );
});

test('an owner that reads only the later entries gives them the same numbers', () => {
  // Fewer than 2048 entries of a millisecond.
  const usual = ids.map((all) => all.filter((id) => Number(id.split('-')[1]) < 2048));
  fc.assert(
    fc.property(usual, fc.nat(), (given, at) => {
      const all = [...new Set(given)];
      const from = at % (all.length + 1);
      expect(seqsOf(all.slice(from))).toEqual(seqsOf(all).slice(from));
    }),
  );
});
