import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { DueHeap } from '../../src/structures/due-heap.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import { step, type Step } from '../support/property/step.ts';

interface World {
  readonly heap: DueHeap<number>;
  /** The same as a list in order; a stable sort keeps the order of adding. */
  model: { dueAt: number; item: number }[];
  added: number;
}

const moment = fc.oneof(fc.nat({ max: 20 }), fc.constantFrom(-Infinity, Infinity));
const steps: fc.Arbitrary<Step<World>[]> = fc.array(
  fc.oneof(
    moment.map((dueAt) =>
      step<World>(`add(${dueAt})`, (world) => {
        world.added += 1;
        world.heap.add(dueAt, world.added);
        world.model = [...world.model, { dueAt, item: world.added }].toSorted((a, b) =>
          a.dueAt < b.dueAt ? -1 : a.dueAt > b.dueAt ? 1 : 0,
        );
      }),
    ),
    moment.map((at) =>
      step<World>(`takeDue(${at})`, (world) => {
        const first = world.model[0];
        const isDue = first !== undefined && first.dueAt <= at;
        if (isDue) world.model = world.model.slice(1);
        assert.equal(world.heap.takeDue(at), isDue ? first.item : undefined);
      }),
    ),
  ),
  { maxLength: 80, size: 'max' },
);

describe(seeded('due heap'), () => {
  it(
    'returns items by their due time, and those of one time in the order of adding',
    () => {
      fc.assert(
        fc.property(steps, (walk) => {
          const world: World = { heap: new DueHeap(), model: [], added: 0 };
          for (const run of walk) {
            void run(world);
            assert.equal(world.heap.size, world.model.length);
            assert.equal(world.heap.nextDueAt, world.model[0]?.dueAt);
          }
        }),
        runs(300),
      );
    },
    patienceMs,
  );
});
