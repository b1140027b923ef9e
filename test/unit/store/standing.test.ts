import { describe, expect, test } from 'vitest';
import { LinkHealth } from '../../../src/store/redis/link/link-health.ts';

const well = { unreachable: 0, isFull: false };
const away = { unreachable: 64, isFull: false };
const full = { unreachable: 0, isFull: true };

describe('how a node stands with Redis', () => {
  test('is said when it changes, and not while it lasts', () => {
    const standing = new LinkHealth(10_000);
    const readings = [well, well, away, away, { unreachable: 12, isFull: false }, well, well];
    const said = readings.map((reading, index) => standing.observe(reading, index * 1000));
    expect(said).toEqual([
      [],
      [],
      [{ kind: 'lost', partitions: 64 }],
      [],
      [],
      [{ kind: 'back', afterMs: 3000 }],
      [],
    ]);
  });

  test('full and room again are said once each', () => {
    const standing = new LinkHealth(10_000);
    const said = [full, full, well, full].map((reading, index) => standing.observe(reading, index * 500));
    expect(said).toEqual([[{ kind: 'full' }], [], [{ kind: 'room', afterMs: 1000 }], [{ kind: 'full' }]]);
  });

  test('whether it is full is not said while it is lost, for nobody knows', () => {
    const standing = new LinkHealth(10_000);
    standing.observe(full, 0);
    expect(standing.observe({ unreachable: 1, isFull: false }, 1000)).toEqual([
      { kind: 'lost', partitions: 1 },
    ]);
    expect(standing.observe({ unreachable: 1, isFull: true }, 2000)).toEqual([]);
    expect(standing.observe(well, 3000)).toEqual([
      { kind: 'back', afterMs: 2000 },
      { kind: 'room', afterMs: 3000 },
    ]);
  });

  test('a loss of data that all partitions find is said once, and another one later again', () => {
    const standing = new LinkHealth(10_000);
    const said = Array.from({ length: 64 }, (_, index) => standing.dataLost(index * 20));
    expect(said.flat()).toEqual([{ kind: 'emptied' }]);
    expect(standing.dataLost(20_000)).toEqual([{ kind: 'emptied' }]);
    standing.observe(away, 20_500);
    expect(standing.dataLost(21_000)).toEqual([{ kind: 'emptied' }]);
  });
});
