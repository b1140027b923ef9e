import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { LinkedList, type ListNode } from '../../src/structures/linked-list.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import { step, type Step } from '../support/property/step.ts';

interface World {
  readonly list: LinkedList<number>;
  model: ListNode<number>[];
  pushed: number;
}

const steps: fc.Arbitrary<Step<World>[]> = fc.array(
  fc.oneof(
    fc.constant(
      step<World>('push()', (world) => {
        world.pushed += 1;
        world.model = [...world.model, world.list.push(world.pushed)];
      }),
    ),
    fc.nat({ max: 30 }).map((behind) =>
      step<World>(`insert(before ${behind})`, (world) => {
        const place = Math.max(0, world.model.length - behind);
        const after = new Set(world.model.slice(place).map(({ value }) => value));
        world.pushed += 1;
        const node = world.list.insert(world.pushed, (other) => after.has(other));
        world.model = world.model.toSpliced(place, 0, node);
      }),
    ),
    fc.constant(
      step<World>('shift()', (world) => {
        assert.equal(world.list.shift(), world.model[0]?.value);
        world.model = world.model.slice(1);
      }),
    ),
    fc.nat({ max: 30 }).map((place) =>
      step<World>(`remove(${place})`, (world) => {
        const node = world.model[place];
        if (node === undefined) return;
        world.list.remove(node);
        world.model = world.model.filter((one) => one !== node);
      }),
    ),
  ),
  { maxLength: 80, size: 'max' },
);

describe(seeded('linked list'), () => {
  it(
    'behaves like an array from whose middle items are removed',
    () => {
      fc.assert(
        fc.property(steps, (walk) => {
          const world: World = { list: new LinkedList(), model: [], pushed: 0 };
          for (const run of walk) {
            void run(world);
            const values = world.model.map(({ value }) => value);
            assert.deepEqual([...world.list], values);
            assert.equal(world.list.size, values.length);
            assert.equal(world.list.first, values[0]);
          }
        }),
        runs(300),
      );
    },
    patienceMs,
  );
});
