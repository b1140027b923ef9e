import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HandoverPlan, splitAfterMs } from '../../../src/store/redis/deliveries/handovers.ts';
import {
  choosePartitions,
  largestShare,
  lettersPartition,
  planTransfers,
} from '../../../src/store/redis/deliveries/sharing.ts';
import { runs, seeded } from '../../support/property/seeded.ts';

const all = Array.from({ length: 64 }, (_, index) => index);
const countsOf = (...counts: readonly number[]): Map<string, number> =>
  new Map(counts.map((count, index) => [`n${index}`, count]));

describe('what a node hands over to others', () => {
  test('is nothing while shares differ by one at most', () => {
    for (const owner of ['n0', 'n1', 'n2']) assert.deepEqual(planTransfers(countsOf(22, 21, 21), owner), []);
  });

  test('is half of everything when a second node joins', () => {
    assert.deepEqual(planTransfers(countsOf(64, 0), 'n0'), [{ recipient: 'n1', count: 32 }]);
  });

  test('goes to all nodes below their share, the smallest first', () => {
    assert.deepEqual(planTransfers(countsOf(43, 21, 0), 'n0'), [{ recipient: 'n2', count: 21 }]);
    assert.deepEqual(planTransfers(countsOf(64, 0, 0), 'n0'), [
      { recipient: 'n1', count: 21 },
      { recipient: 'n2', count: 21 },
    ]);
  });

  test('is nothing when it has no more than the others', () => {
    assert.deepEqual(planTransfers(countsOf(64, 0), 'n1'), []);
    assert.deepEqual(planTransfers(countsOf(64), 'n0'), []);
  });
});

describe(seeded('giving'), () => {
  test('makes shares differ by one at most, whichever node hands over first', () => {
    const nodes = fc.integer({ min: 1, max: 12 });
    const owners = fc.array(fc.nat(11), { minLength: 64, maxLength: 64 });
    const order = fc.infiniteStream(fc.nat(11));
    fc.assert(
      fc.property(nodes, owners, order, (count, partitions, turns) => {
        const counts = countsOf(...Array.from({ length: count }, () => 0));
        const change = (name: string, by: number) => counts.set(name, (counts.get(name) ?? 0) + by);
        for (const owner of partitions) change(`n${owner % count}`, 1);
        const isFair = () => {
          const [least, most] = [Math.min(...counts.values()), Math.max(...counts.values())];
          return most - least <= 1;
        };
        let steps = 0;
        for (const turn of turns) {
          if (isFair() || steps === 1000) break;
          steps += 1;
          const owner = `n${turn % count}`;
          for (const transfer of planTransfers(counts, owner)) {
            change(owner, -transfer.count);
            change(transfer.recipient, transfer.count);
            assert.ok((counts.get(transfer.recipient) ?? Infinity) <= largestShare(counts));
          }
        }
        assert.equal(isFair(), true);
        for (const name of counts.keys()) assert.deepEqual(planTransfers(counts, name), []);
      }),
      runs(200),
    );
  });
});

describe('the partitions that are handed over', () => {
  test('include none that a batch ties to one that stays', () => {
    const chosen = choosePartitions(all, 32, [all.slice(0, 20), [20, 40, 60]], false) ?? [];
    expect(chosen).toHaveLength(32);
    assert.deepEqual(
      chosen.filter((index) => index < 20),
      [],
    );
    const tied = [20, 40, 60].filter((index) => chosen.includes(index));
    expect([0, 3]).toContain(tied.length);
  });

  test('are none at all while batches tie all of them together, unless batches may be split', () => {
    const ties = all.slice(1).map((index) => [index - 1, index]);
    assert.equal(choosePartitions(all, 32, ties, false), undefined);
    const torn = choosePartitions(all, 32, ties, true) ?? [];
    assert.equal(new Set(torn).size, 32);
  });

  test('never include the one whose owner keeps the dead letters', () => {
    for (const mayTear of [false, true]) {
      expect(choosePartitions(all, 63, [], mayTear)).not.toContain(lettersPartition);
    }
  });

  test('do not depend on ties of partitions that the node does not own', () => {
    expect(choosePartitions([0, 1, 2, 3], 2, [[9, 1], [10]], false)).toHaveLength(2);
  });
});

describe('a handover', () => {
  const ties = [all];
  const holdings = { owned: all, nodes: countsOf(64, 0) };

  test('waits for the batches that it would split, and then splits them', () => {
    const plan = new HandoverPlan('n0', 4000);
    assert.deepEqual(plan.due({ ...holdings, ties, now: 0 }), []);
    assert.deepEqual(plan.due({ ...holdings, ties, now: splitAfterMs - 1 }), []);
    const [handover] = plan.due({ ...holdings, ties, now: splitAfterMs });
    expect(handover?.partitions).toHaveLength(32);
  });

  test('happens immediately if it splits nothing, and the next one after a lease at the earliest', () => {
    const plan = new HandoverPlan('n0', 4000);
    expect(plan.due({ ...holdings, ties: [], now: 0 })).toHaveLength(1);
    plan.handedOver(10);
    assert.deepEqual(plan.due({ ...holdings, ties: [], now: 4009 }), []);
    expect(plan.due({ ...holdings, ties: [], now: 4010 })).toHaveLength(1);
  });
});
