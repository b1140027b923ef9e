import { describe, expect, test } from 'vitest';
import { LinkHealth } from '../../../src/store/redis/link/link-health.ts';

const well = { unreachable: 0, isFull: false };
const away = { unreachable: 64, isFull: false };
const full = { unreachable: 0, isFull: true };

describe('the connection of a node to Redis', () => {
  test('is reported when it changes, and not while it lasts', () => {
    const health = new LinkHealth(10_000);
    const readings = [well, well, away, away, { unreachable: 12, isFull: false }, well, well];
    const changes = readings.map((reading, index) => health.observe(reading, index * 1000));
    expect(changes).toEqual([
      [],
      [],
      [{ kind: 'lost', partitions: 64 }],
      [],
      [],
      [{ kind: 'back', afterMs: 3000 }],
      [],
    ]);
  });

  test('a full Redis and new room are reported once each', () => {
    const health = new LinkHealth(10_000);
    const changes = [full, full, well, full].map((reading, index) => health.observe(reading, index * 500));
    expect(changes).toEqual([[{ kind: 'full' }], [], [{ kind: 'room', afterMs: 1000 }], [{ kind: 'full' }]]);
  });

  test('whether Redis is full is not reported while the connection is lost', () => {
    const health = new LinkHealth(10_000);
    health.observe(full, 0);
    expect(health.observe({ unreachable: 1, isFull: false }, 1000)).toEqual([
      { kind: 'lost', partitions: 1 },
    ]);
    expect(health.observe({ unreachable: 1, isFull: true }, 2000)).toEqual([]);
    expect(health.observe(well, 3000)).toEqual([
      { kind: 'back', afterMs: 2000 },
      { kind: 'room', afterMs: 3000 },
    ]);
  });

  test('a loss of data that all partitions find is reported once, and a later one again', () => {
    const health = new LinkHealth(10_000);
    const changes = Array.from({ length: 64 }, (_, index) => health.dataLost(index * 20));
    expect(changes.flat()).toEqual([{ kind: 'emptied' }]);
    expect(health.dataLost(20_000)).toEqual([{ kind: 'emptied' }]);
    health.observe(away, 20_500);
    expect(health.dataLost(21_000)).toEqual([{ kind: 'emptied' }]);
  });
});
