import { testWalks } from '../support/redis/test-walks.ts';
import { expectTrueFacts, faults } from '../support/redis/walk-steps.ts';

testWalks(
  "keep the facts true and free of repetitions, and the clients' views too, through crashes, freezes, lost connections and lack of memory",
  { steps: faults, count: 30, expectTrueFacts },
);
