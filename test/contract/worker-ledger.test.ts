import { workersLedgerHarness } from '../support/workers/ledger-harness.ts';
import { testLastEnd } from './ledger-end.suite.ts';
import { testLedger } from './ledger.suite.ts';

testLedger('WorkerLedger, one worker', workersLedgerHarness(1, 1 / 4));
testLedger('WorkerLedger, two workers', workersLedgerHarness(2, 1 / 4));
testLastEnd('WorkerLedger, two workers', workersLedgerHarness(2));
