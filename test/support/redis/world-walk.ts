import * as fc from 'fast-check';
import { expect } from 'vitest';
import { step, type Step } from '../property/step.ts';
import type { ReconcileWorld } from './reconcile-world.ts';

/** A step of a walk. */
export type WorldStep = Step<ReconcileWorld>;

type Steps = fc.Arbitrary<WorldStep>;

/** One of up to three nodes. */
export const index = fc.nat(2);

/** Somebody joins one of these channels, as this user if there is one. */
export function joins(places: readonly (readonly [string, string?])[]): Steps {
  return fc
    .tuple(index, fc.constantFrom(...places))
    .map(([at, [channel, user]]) =>
      step<ReconcileWorld>(`join(${at}, ${channel}, ${user})`, (world) => world.join(at, channel, user)),
    );
}

export const leaves: Steps = fc
  .tuple(index, fc.nat(5))
  .map(([at, which]) => step<ReconcileWorld>(`leave(${at}, ${which})`, (world) => world.leave(at, which)));

/** One of these times passes, in milliseconds. */
export function advances(times: readonly number[]): Steps {
  return fc
    .constantFrom(...times)
    .map((ms) => step<ReconcileWorld>(`advance(${ms})`, (world) => world.advance(ms)));
}

/** A node is killed after at most this many turns, and another one starts. */
export function killsAmid(mostTurns: number): Steps {
  return fc.tuple(index, fc.nat(mostTurns)).map(([at, turns]) =>
    step<ReconcileWorld>(`killAmid(${at}, ${turns})`, async (world) => {
      await world.killAmid(at, turns);
      await world.addNode();
    }),
  );
}

export const cutsOffAmid: Steps = fc
  .tuple(index, fc.nat(12))
  .map(([at, turns]) =>
    step<ReconcileWorld>(`cutOffAmid(${at}, ${turns})`, (world) => world.cutOffAmid(at, turns)),
  );

export const stops: Steps = index.map((at) => step<ReconcileWorld>(`stop(${at})`, (world) => world.stop(at)));

/** These endpoints believe the truth. */
export function expectTruthOf(world: ReconcileWorld, ...ids: readonly string[]): void {
  for (const id of ids) {
    const { believed, truth } = world.compare(id);
    expect(believed, `what ${id} believes`).toEqual(truth);
  }
}
