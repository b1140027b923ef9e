import { describe, expect, test } from 'vitest';
import { compareOwnership, readRights, type Rights } from '../../../src/store/redis/deliveries/rights.ts';

const rights = (token: number, partitions: Readonly<Record<number, number>>): Rights => ({
  token,
  at: 0,
  nodes: new Map(),
  partitions: new Map(
    Object.entries(partitions).map(([index, ofPartition]) => [
      Number(index),
      { token: ofPartition, attemptsEndAt: 0 },
    ]),
  ),
});
const owned = (partitions: Readonly<Record<number, number>>): ReadonlyMap<number, number> =>
  new Map(Object.entries(partitions).map(([index, token]) => [Number(index), token]));

describe('rights to dispatch', () => {
  test('are read from the answer of the script', () => {
    expect(readRights(['7', 1000, 'a 2 b 62', '3 5 900', '4 6 0'])).toEqual({
      token: 7,
      at: 1000,
      nodes: new Map([
        ['a', 2],
        ['b', 62],
      ]),
      partitions: new Map([
        [3, { token: 5, attemptsEndAt: 900 }],
        [4, { token: 6, attemptsEndAt: 0 }],
      ]),
    });
  });

  test('stay as they are if Redis knows nothing of them', () => {
    expect(compareOwnership(owned({ 1: 5 }), readRights([-1, 1000, '']))).toEqual({ kind: 'forgotten' });
  });

  test.each([
    ['kept if nothing has changed', { 1: 5, 2: 6 }, { 1: 5, 2: 6 }, { kind: 'kept' }],
    ['kept if there are none', {}, {}, { kind: 'kept' }],
    ['won if there are more', { 1: 5 }, { 1: 5, 2: 9, 3: 9 }, { kind: 'won', partitions: [2, 3] }],
    ['lost if another node has one', { 1: 5, 2: 6 }, { 1: 5 }, { kind: 'lost', partitions: [2] }],
    ['lost if another node had one in between', { 1: 5 }, { 1: 8 }, { kind: 'lost', partitions: [1] }],
    ['lost, even if others are won', { 1: 5 }, { 2: 9 }, { kind: 'lost', partitions: [1] }],
  ])('are %s', (_, before, now, verdict) => {
    expect(compareOwnership(owned(before), rights(1, now))).toEqual(verdict);
  });

  test('are lost if a node of an earlier version has the right to everything', () => {
    expect(compareOwnership(owned({ 1: 5 }), readRights([0, 1000, '']))).toEqual({
      kind: 'lost',
      partitions: [1],
    });
  });
});
