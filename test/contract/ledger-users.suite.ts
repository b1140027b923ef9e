import { describe, expect, it } from 'vitest';
import { walkOptions } from '../support/property/ledger-commands.ts';
import { byApp } from '../support/property/ledger-history.ts';
import { LedgerDriver } from '../support/property/ledger-driver.ts';
import type { LedgerHarness } from '../support/property/ledger-port.ts';

const appId = 'a1';
const otherId = 'a2';

/** Who is signed in, how fast backends publish, and the removal of one app. */
export function testUsers(name: string, harness: LedgerHarness): void {
  const start = (): Promise<LedgerDriver> => new LedgerDriver(harness, walkOptions).start();
  /** The notices to watchers since the last call. Two apps have no order between them. */
  const notices = async (driver: LedgerDriver): Promise<string[]> => {
    await driver.settled();
    return byApp(driver.watched.splice(0));
  };
  const signIn = (driver: LedgerDriver, userId: string, watched: readonly string[] = [], of = appId) =>
    driver.ledger.signIn({ appId: of, userId, watched });

  describe(`${name}, users`, () => {
    it('returns which of the watched users are online, including the watcher', async () => {
      const driver = await start();
      await signIn(driver, 'anna');
      await signIn(driver, 'bert');
      expect(await signIn(driver, 'carl', ['bert', 'dora', 'carl'])).toEqual(new Set(['bert', 'carl']));
      expect(await signIn(driver, 'carl')).toEqual(new Set());
    });

    it('notifies of a change once, immediately, and never without a change', async () => {
      const driver = await start();
      await signIn(driver, 'anna');
      expect(await notices(driver)).toEqual(['a1/anna online']);
      await signIn(driver, 'anna', ['anna']);
      expect(await notices(driver)).toEqual([]);
      await driver.ledger.signOut(appId, 'anna');
      expect(await notices(driver)).toEqual(['a1/anna offline']);
      await driver.ledger.signOut(appId, 'anna');
      await driver.ledger.signOut(appId, 'nobody');
      expect(await notices(driver)).toEqual([]);
      await signIn(driver, 'anna');
      expect(await notices(driver)).toEqual(['a1/anna online']);
      await driver.advance(600_000);
      expect(await notices(driver)).toEqual([]);
    });

    it('treats a user who signed in twice as offline after one sign-out', async () => {
      const driver = await start();
      await signIn(driver, 'anna');
      await signIn(driver, 'anna');
      await driver.ledger.signOut(appId, 'anna');
      expect(await signIn(driver, 'bert', ['anna'])).toEqual(new Set());
    });

    it('lets the steps of a user take effect in the order of the calls, answered or not', async () => {
      const driver = await start();
      const answers = [
        signIn(driver, 'anna'),
        driver.ledger.signOut(appId, 'anna'),
        signIn(driver, 'bert'),
        signIn(driver, 'anna'),
      ] as const;
      for (const answer of answers) await answer;
      const all = await notices(driver);
      expect(all.filter((one) => one.includes('anna'))).toEqual([
        'a1/anna online',
        'a1/anna offline',
        'a1/anna online',
      ]);
      expect(all.filter((one) => one.includes('bert'))).toEqual(['a1/bert online']);
    });

    it('keeps the users of apps apart', async () => {
      const driver = await start();
      await signIn(driver, 'anna');
      expect(await signIn(driver, 'bert', ['anna', 'bert'], otherId)).toEqual(new Set(['bert']));
      await driver.ledger.signOut(otherId, 'anna');
      expect(await notices(driver)).toEqual(['a1/anna online', 'a2/bert online']);
    });

    it.each(['__proto__', 'constructor', 'a:b', 'a-_=@,.;Z', 'u'.repeat(128)])(
      'accepts %.20s as a user id like any other',
      async (userId) => {
        const driver = await start();
        expect(await signIn(driver, 'anna', [userId])).toEqual(new Set());
        await signIn(driver, userId);
        expect(await signIn(driver, 'anna', [userId])).toEqual(new Set([userId]));
        await driver.ledger.signOut(appId, userId);
        expect(await signIn(driver, 'anna', [userId])).toEqual(new Set());
      },
    );

    it('accepts any text as the id of a watched user, who is then not online', async () => {
      const driver = await start();
      expect(await signIn(driver, 'anna', ['', '\ud800', 'a b', '*', 'ann?', 'anna\n'])).toEqual(new Set());
    });

    it('causes no facts for users, and does not affect channels', async () => {
      const driver = await start();
      await signIn(driver, 'anna');
      await driver.ledger.signOut(appId, 'anna');
      await driver.advance(10_000);
      expect(driver.facts).toEqual([]);
      expect(driver.notices).toEqual([]);
      expect(await driver.ledger.occupiedChannels(appId, '')).toEqual([]);
    });
  });

  describe(`${name}, triggers`, () => {
    it('are admitted up to the limit in any second, wherever it begins', async () => {
      const driver = await start();
      const admit = (count: number) => driver.ledger.admitTriggers(appId, count, 3);
      expect(await admit(1)).toBe(true);
      await driver.advance(600);
      expect(await admit(2)).toBe(true);
      expect(await admit(1)).toBe(false);
      await driver.advance(399);
      expect(await admit(1)).toBe(false);
      await driver.advance(1);
      expect(await admit(1)).toBe(true);
      expect(await admit(1)).toBe(false);
      await driver.advance(600);
      expect(await admit(2)).toBe(true);
    });

    it('are admitted all or none, and refused ones do not count', async () => {
      const driver = await start();
      const admit = (count: number) => driver.ledger.admitTriggers(appId, count, 5);
      expect(await admit(6)).toBe(false);
      expect(await admit(3)).toBe(true);
      expect(await admit(3)).toBe(false);
      expect(await admit(2)).toBe(true);
      expect(await admit(0)).toBe(true);
      await driver.advance(1000);
      expect(await admit(5)).toBe(true);
    });

    it('are admitted for each app separately', async () => {
      const driver = await start();
      expect(await driver.ledger.admitTriggers(appId, 1, 1)).toBe(true);
      expect(await driver.ledger.admitTriggers(otherId, 1, 1)).toBe(true);
      expect(await driver.ledger.admitTriggers(appId, 1, 1)).toBe(false);
    });

    it('follow a changed limit', async () => {
      const driver = await start();
      expect(await driver.ledger.admitTriggers(appId, 2, 2)).toBe(true);
      await driver.advance(1000);
      expect(await driver.ledger.admitTriggers(appId, 4, 4)).toBe(true);
      expect(await driver.ledger.admitTriggers(appId, 1, 4)).toBe(false);
      await driver.advance(1000);
      expect(await driver.ledger.admitTriggers(appId, 2, 1)).toBe(false);
      expect(await driver.ledger.admitTriggers(appId, 1, 1)).toBe(true);
    });
  });

  describe(`${name}, removing an app`, () => {
    const anna = { connection: 'c1', channel: 'presence-room', userId: 'anna' };

    it('reports all of its members and channels as gone immediately, and none of another app', async () => {
      const driver = await start();
      await driver.join({ ...anna, appId });
      await driver.join({ ...anna, appId: otherId });
      await driver.ledger.retire(appId);
      await driver.advance(10_000);
      const factsOf = (of: string) =>
        driver.facts.filter((fact) => fact.appId === of).map(({ at, text }) => `${at} ${text}`);
      const arrival = ['0 channel_occupied', '0 member_added anna'];
      expect(factsOf(appId)).toEqual([...arrival, '0 member_removed anna', '0 channel_vacated']);
      expect(factsOf(otherId)).toEqual(arrival);
      expect(await driver.ledger.occupiedChannels(appId, '')).toEqual([]);
      expect(await driver.ledger.occupiedChannels(otherId, '')).toEqual(['presence-room']);
    });

    it('does nothing for an unknown app', async () => {
      const driver = await start();
      await driver.ledger.retire('nobody');
      await driver.advance(1000);
      expect(driver.facts).toEqual([]);
    });
  });
}
