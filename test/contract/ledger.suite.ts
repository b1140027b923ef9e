import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ledgerCommands, walkOptions } from '../support/property/ledger-commands.ts';
import { LedgerDriver } from '../support/property/ledger-driver.ts';
import { byApp, expectSoundFacts, historyByChannel } from '../support/property/ledger-history.ts';
import { LedgerModel } from '../support/property/ledger-model.ts';
import type { LedgerHarness } from '../support/property/ledger-port.ts';
import { patienceMs, runs, seeded } from '../support/property/seeded.ts';
import { testCacheMiss } from './ledger-cache.suite.ts';
import { testGrace } from './ledger-grace.suite.ts';
import { testPages } from './ledger-pages.suite.ts';
import { testUsers } from './ledger-users.suite.ts';

/** What every ledger must do, whichever store it is on. */
export function testLedger(name: string, harness: LedgerHarness): void {
  describe(seeded(`${name}, random actions`), () => {
    it(
      'answers and reports exactly what the rules of grace and caches require, at exactly those times',
      async () => {
        await fc.assert(
          fc.asyncProperty(ledgerCommands, async (commands) => {
            const driver = await new LedgerDriver(harness, walkOptions).start();
            const model = new LedgerModel(walkOptions);
            await fc.asyncModelRun(() => ({ model, real: driver }), commands);
            await driver.settled();
            expect(historyByChannel(driver.facts)).toEqual(historyByChannel(model.facts));
            expect(historyByChannel(driver.notices)).toEqual(historyByChannel(model.notices));
            expect(byApp(driver.watched)).toEqual(byApp(model.watched));
            expectSoundFacts(driver.facts);
            await driver.dispose();
          }),
          runs(400 * (harness.share ?? 1)),
        );
      },
      patienceMs,
    );

    it(
      'reports all present members as gone when it retires',
      async () => {
        await fc.assert(
          fc.asyncProperty(ledgerCommands, async (commands) => {
            const driver = await new LedgerDriver(harness, walkOptions).start();
            const model = new LedgerModel(walkOptions);
            await fc.asyncModelRun(() => ({ model, real: driver }), commands);
            await driver.retire();
            model.retire(harness.isAlone === true);
            await driver.advance(10_000);
            model.advance(10_000);
            expect(historyByChannel(driver.facts)).toEqual(historyByChannel(model.facts));
            expectSoundFacts(driver.facts);
            await driver.dispose();
          }),
          runs(100 * (harness.share ?? 1)),
        );
      },
      patienceMs,
    );
  });

  testPages(name, harness);
  testGrace(name, harness);
  testCacheMiss(name, harness);
  testUsers(name, harness);
}
