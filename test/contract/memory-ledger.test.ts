import { noMetrics } from '../../src/ports/metrics.ts';
import { MemoryLedger } from '../../src/store/memory/ledger.ts';
import type { LedgerHarness } from '../support/property/ledger-port.ts';
import { testLastEnd } from './ledger-end.suite.ts';
import { testLedger } from './ledger.suite.ts';
import { noSlices } from '../support/turns.ts';

const harness: LedgerHarness = {
  isAlone: true,
  make: (surroundings) => new MemoryLedger({ ...surroundings, ...noSlices(), metrics: noMetrics }),
};

testLedger('MemoryLedger', harness);
testLastEnd('MemoryLedger', harness);
