import { afterAll, expect, test } from 'vitest';
import { cleanUp } from '../chaos/children.ts';
import { faultKinds } from '../chaos/plan.ts';
import { formatOutcome, isTrue } from '../chaos/report.ts';
import { runChaos } from '../chaos/run.ts';

afterAll(cleanUp);

/** A short run. `npm run chaos` runs longer. This seed draws eight kinds of fault. */
test('replaying the webhooks gives the true state through failing nodes, endpoints and Redis', async () => {
  const outcome = await runChaos({ seconds: 14, seed: 2251, nodes: 3, clients: 60, faults: faultKinds });
  expect(isTrue(outcome), formatOutcome(outcome)).toBe(true);
}, 120_000);
