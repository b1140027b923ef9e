import { testWalks } from '../support/redis/test-walks.ts';
import { expectTrueState, faultsWithFailover } from '../support/redis/walk-steps.ts';

testWalks(
  'converge after Redis has lost its latest writes: webhooks and clients report who is present, and nobody else',
  { steps: faultsWithFailover, count: 10, expectTrueFacts: expectTrueState },
);
