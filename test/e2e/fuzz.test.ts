import { expect, test } from 'vitest';
import { runFuzz } from '../fuzz/run.ts';

/** A short run, each attack once. `npm run fuzz` runs longer, and also checks waits and memory. */
test('attackers who know only the public key of an app do not affect honest users', async () => {
  const { losses, attacks } = await runFuzz({ seconds: 0, seed: 7 });
  expect(losses).toEqual([]);
  expect(attacks.length).toBeGreaterThan(9);
}, 120_000);
