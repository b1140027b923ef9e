import { describe, expect, it } from 'vitest';
import type { ChannelName } from '../../src/protocol/channel-name.ts';
import { walkOptions } from '../support/property/ledger-commands.ts';
import { byApp } from '../support/property/ledger-history.ts';
import { LedgerDriver } from '../support/property/ledger-driver.ts';
import type { LedgerHarness } from '../support/property/ledger-port.ts';

const appId = 'a1';
const otherId = 'a2';
const cacheChannel = 'private-cache-state' as ChannelName;
const state = { name: 'state', data: '"1"' };
const anna = { connection: 'c1', channel: 'presence-room', userId: 'anna' };

/** Only for a ledger that belongs to one node: an app that this node no longer serves is not served at all. */
export function testLastEnd(name: string, harness: LedgerHarness): void {
  const start = (): Promise<LedgerDriver> => new LedgerDriver(harness, walkOptions).start();
  const notices = async (driver: LedgerDriver): Promise<string[]> => {
    await driver.settled();
    return byApp(driver.watched.splice(0));
  };
  const signIn = (driver: LedgerDriver, userId: string, watched: readonly string[] = [], of = appId) =>
    driver.ledger.signIn({ appId: of, userId, watched });

  describe(`${name}, the removal of an app`, () => {
    it('does not wait for lingering members, and reports them once', async () => {
      const driver = await start();
      await driver.join({ ...anna, appId });
      await driver.leave({ ...anna, appId }, 3000);
      await driver.advance(1000);
      await driver.ledger.retire(appId);
      await driver.ledger.retire(appId);
      await driver.advance(10_000);
      expect(driver.facts.slice(2).map(({ at, text }) => `${at} ${text}`)).toEqual([
        '1000 member_removed anna',
        '1000 channel_vacated',
      ]);
    });

    it('forgets its online users, but not those of others', async () => {
      const driver = await start();
      await signIn(driver, 'anna');
      await signIn(driver, 'anna', [], otherId);
      await driver.ledger.retire(appId);
      await notices(driver);
      expect(await signIn(driver, 'bert', ['anna'])).toEqual(new Set());
      expect(await signIn(driver, 'bert', ['anna'], otherId)).toEqual(new Set(['anna']));
      await signIn(driver, 'anna');
      expect(await notices(driver)).toEqual(['a1/bert online', 'a1/anna online', 'a2/bert online']);
    });

    it('forgets its cached events and its current miss, but not those of others', async () => {
      const driver = await start();
      const misses = () => driver.facts.filter(({ text }) => text === 'cache_miss').length;
      const reader = { appId, connection: 'c1', channel: cacheChannel };
      await driver.ledger.cacheEvent(appId, cacheChannel, state);
      await driver.ledger.cacheEvent(otherId, cacheChannel, state);
      await driver.ledger.retire(appId);
      expect(await driver.ledger.channel(appId, cacheChannel)).not.toHaveProperty('cache');
      expect(await driver.ledger.channel(otherId, cacheChannel)).toHaveProperty('cache');
      expect(await driver.join(reader)).not.toHaveProperty('cached');
      await driver.settled();
      expect(misses()).toBe(1);
      await driver.leave(reader, 0);
      await driver.ledger.retire(appId);
      await driver.join(reader);
      await driver.settled();
      expect(misses()).toBe(2);
    });

    it('forgets everything: an event that is cached afterwards has the full lifetime', async () => {
      const driver = await start();
      await driver.ledger.cacheEvent(appId, cacheChannel, state);
      await driver.advance(50_000);
      await driver.ledger.retire(appId);
      await driver.ledger.cacheEvent(appId, cacheChannel, state);
      await driver.advance(99_999);
      expect(await driver.ledger.channel(appId, cacheChannel)).toHaveProperty('cache');
      await driver.advance(1);
      expect(await driver.ledger.channel(appId, cacheChannel)).not.toHaveProperty('cache');
    });
  });
}
