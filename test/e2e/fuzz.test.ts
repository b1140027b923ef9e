import { expect, test } from 'vitest';
import { runFuzz } from '../fuzz/run.ts';

/** A short run, each attack once; `npm run fuzz` makes longer ones, and judges waits and memory as well. */
test('strangers who hold only the public key of an app cost honest users nothing', async () => {
  const { losses, attacks } = await runFuzz({ seconds: 0, seed: 7 });
  expect(losses).toEqual([]);
  expect(attacks.length).toBeGreaterThan(9);
}, 120_000);
