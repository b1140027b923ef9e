import { afterAll, expect, test } from 'vitest';
import { cleanUp } from '../chaos/children.ts';
import { formatOutcome, isTrue } from '../chaos/report.ts';
import { runSingle } from '../chaos/single/run.ts';
import { seed, seeded } from '../support/property/seeded.ts';

afterAll(cleanUp);

/** A short run. `npm run chaos -- --single` runs longer. */
test(
  seeded('replaying the webhooks gives the true state of a node that is killed repeatedly'),
  async () => {
    const outcome = await runSingle({ kills: 15, seed, clients: 30, scale: 0.02, mayLimit: false });
    expect(isTrue(outcome), formatOutcome(outcome)).toBe(true);
  },
  120_000,
);
