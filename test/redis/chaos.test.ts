import { expect, test } from 'vitest';
import { faultKinds } from '../chaos/plan.ts';
import { formatOutcome, isTrue } from '../chaos/report.ts';
import { runChaos } from '../chaos/run.ts';

/** A short run; `npm run chaos` makes longer ones, with other seeds. */
test('replaying the webhooks gives the true state through every kind of fault', async () => {
  const outcome = await runChaos({ seconds: 14, seed: 1, nodes: 3, clients: 60, faults: faultKinds });
  expect(isTrue(outcome), formatOutcome(outcome)).toBe(true);
}, 120_000);
