import { noMetrics } from '../../src/ports/metrics.ts';
import { MemoryLedger } from '../../src/store/memory/ledger.ts';
import { testLedger } from './ledger.suite.ts';

testLedger('MemoryLedger', {
  make: (surroundings) => new MemoryLedger({ ...surroundings, metrics: noMetrics }),
});
