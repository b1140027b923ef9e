import { describe, expect, it } from 'vitest';
import type { ChannelName } from '../../src/protocol/channel-name.ts';
import { walkOptions } from '../support/property/ledger-commands.ts';
import { LedgerDriver, type Subscriber } from '../support/property/ledger-driver.ts';
import type { LedgerHarness } from '../support/property/ledger-port.ts';
import { known } from '../support/known.ts';

const appId = 'a1';
const channel = 'private-cache-state' as ChannelName;
const one: Subscriber = { appId, connection: 'c1', channel };
const another: Subscriber = { appId, connection: 'c2', channel };
/** Data that no ledger may serialize again. */
const state = { name: 'state', data: '{ "n": 12345678901234567890, "n": -0 }' };

/** The rules of cache misses, and what a cache keeps. */
export function testCacheMiss(name: string, harness: LedgerHarness): void {
  const start = (): Promise<LedgerDriver> => new LedgerDriver(harness, walkOptions).start();
  const misses = (driver: LedgerDriver): number[] =>
    driver.facts.filter(({ text }) => text === 'cache_miss').map(({ at }) => at);
  const episode = (driver: LedgerDriver, index: number): string =>
    driver.episodes.get(`${appId}/${channel}`)?.[index] ?? '';
  /** A client joins, finds or misses the event, and leaves while another stays. */
  const visit = async (driver: LedgerDriver): Promise<void> => {
    await driver.join(another);
    await driver.leave(another, 3000);
  };

  describe(`${name}, cache`, () => {
    it('reports one cache_miss for 100 clients that join together', async () => {
      const driver = await start();
      for (let index = 0; index < 100; index += 1) await driver.join({ ...one, connection: `c${index}` });
      expect(misses(driver)).toEqual([0]);
    });

    it('reports occupied before the miss', async () => {
      const driver = await start();
      await driver.join(one);
      expect(driver.facts.map(({ text }) => text)).toEqual(['channel_occupied', 'cache_miss']);
    });

    it('starts another episode once an event was cached and has expired', async () => {
      const driver = await start();
      await driver.join(one);
      await driver.ledger.cacheEvent(appId, channel, state);
      await driver.advance(99_999);
      expect(await driver.join(another)).toMatchObject({ cached: state });
      await driver.leave(another, 0);
      await driver.advance(1);
      expect(await driver.join(another)).not.toHaveProperty('cached');
      expect(misses(driver)).toEqual([0, 100_000]);
    });

    it('ends the episode with the vacated, not with the last leave', async () => {
      const driver = await start();
      await driver.join(one);
      await driver.leave(one, 3000);
      await driver.advance(2999);
      await driver.join(one);
      expect(misses(driver)).toEqual([0]);
      await driver.leave(one, 3000);
      await driver.advance(3000);
      await driver.join(one);
      expect(misses(driver)).toEqual([0, 5999]);
    });

    it('ends the episode when its event reached no endpoint', async () => {
      const driver = await start();
      await driver.join(one);
      await driver.ledger.forgetCacheMiss(appId, channel, episode(driver, 0));
      await visit(driver);
      expect(misses(driver)).toHaveLength(2);
    });

    it('keeps a newer episode when an older event reached no endpoint', async () => {
      const driver = await start();
      await driver.join(one);
      await driver.ledger.forgetCacheMiss(appId, channel, episode(driver, 0));
      await visit(driver);
      await driver.ledger.forgetCacheMiss(appId, channel, episode(driver, 0));
      await visit(driver);
      expect(misses(driver)).toHaveLength(2);
      expect(episode(driver, 0)).not.toBe(episode(driver, 1));
    });

    it('keeps a newer episode although the channel was vacated and occupied in between', async () => {
      const driver = await start();
      await driver.join(one);
      await driver.leave(one, 0);
      await driver.join(one);
      await driver.ledger.forgetCacheMiss(appId, channel, episode(driver, 0));
      await visit(driver);
      expect(misses(driver)).toHaveLength(2);
    });

    it('ends the episode after 300 s at the latest', async () => {
      const driver = await start();
      await driver.join(one);
      await driver.advance(299_999);
      await visit(driver);
      expect(misses(driver)).toEqual([0]);
      await driver.advance(1);
      await visit(driver);
      expect(misses(driver)).toEqual([0, 300_000]);
    });

    it('reports no miss that no endpoint selects', async () => {
      const driver = await start();
      await driver.join({ ...one, channel: 'cache-unheard' });
      expect(driver.facts.map(({ text }) => text)).toEqual(['channel_occupied']);
    });

    it('keeps an event without subscribers, and while the channel is vacated', async () => {
      const driver = await start();
      await driver.ledger.cacheEvent(appId, channel, state);
      expect(await driver.join(one)).toMatchObject({ cached: state });
      await driver.leave(one, 0);
      await driver.advance(10_000);
      expect(await driver.join(one)).toMatchObject({ cached: state });
      expect(misses(driver)).toEqual([]);
    });

    it('restarts the lifetime of a cached event with each new one', async () => {
      const driver = await start();
      await driver.ledger.cacheEvent(appId, channel, state);
      await driver.advance(60_500);
      await driver.ledger.cacheEvent(appId, channel, { name: 'state', data: '"2"' });
      await driver.advance(60_500);
      const { cache } = known(await driver.ledger.channel(appId, channel));
      expect(cache).toEqual({ data: '"2"', ttl: 40 });
    });
  });
}
