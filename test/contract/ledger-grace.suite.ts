import { describe, expect, it } from 'vitest';
import type { ChannelName } from '../../src/protocol/channel-name.ts';
import { walkOptions } from '../support/property/ledger-commands.ts';
import { LedgerDriver, type Subscriber } from '../support/property/ledger-driver.ts';
import type { LedgerHarness } from '../support/property/ledger-port.ts';
import { known } from '../support/known.ts';

const appId = 'a1';
const anna: Subscriber = { appId, connection: 'c1', channel: 'presence-room', userId: 'anna' };
const annaAgain: Subscriber = { ...anna, connection: 'c2' };
const bert: Subscriber = { appId, connection: 'c3', channel: 'presence-room', userId: 'bert' };
const guest: Subscriber = { appId, connection: 'c4', channel: 'room' };
const room = 'presence-room' as ChannelName;

/** The rules of grace, one by one. */
export function testGrace(name: string, harness: LedgerHarness): void {
  const start = (): Promise<LedgerDriver> => new LedgerDriver(harness, walkOptions).start();
  const facts = (driver: LedgerDriver): string[] => driver.facts.map(({ at, text }) => `${at} ${text}`);
  const notices = (driver: LedgerDriver): string[] =>
    driver.notices.map(({ at, text }) => `${at} ${text.split(' ').slice(0, 2).join(' ')}`);

  describe(`${name}, grace`, () => {
    it('reports occupied at 0.0 and vacated at 5.5 in the documented example, and nothing else', async () => {
      const driver = await start();
      await driver.join(guest);
      await driver.advance(1000);
      await driver.leave(guest, 3000);
      await driver.advance(1000);
      await driver.join(guest);
      await driver.advance(500);
      await driver.leave(guest, 3000);
      await driver.advance(10_000);
      expect(facts(driver)).toEqual(['0 channel_occupied', '5500 channel_vacated']);
    });

    it('reports neither event when a member returns within the grace', async () => {
      const driver = await start();
      await driver.join(anna);
      await driver.leave(anna, 3000);
      await driver.advance(2999);
      await driver.join(anna);
      await driver.advance(60_000);
      expect(facts(driver)).toEqual(['0 channel_occupied', '0 member_added anna']);
    });

    it('names the connection that joined, and the one that left last, as the source', async () => {
      const driver = await start();
      await driver.join(anna);
      await driver.join(bert);
      await driver.leave(anna, 3000);
      await driver.advance(1000);
      await driver.leave(bert, 3000);
      await driver.advance(10_000);
      const factsWithSource = driver.facts.map(({ text }, index) => `${text} by ${driver.sources[index]}`);
      expect(factsWithSource.slice(0, 3)).toEqual([
        'channel_occupied by c1',
        'member_added anna by c1',
        'member_added bert by c3',
      ]);
      expect(factsWithSource.at(-1)).toBe('channel_vacated by c3');
    });

    it('notifies subscribers of every leave and join immediately', async () => {
      const driver = await start();
      await driver.join(bert);
      await driver.join(anna);
      await driver.leave(anna, 3000);
      await driver.advance(1000);
      await driver.join(anna);
      expect(notices(driver)).toEqual([
        '0 member-added anna',
        '0 member-removed anna',
        '1000 member-added anna',
      ]);
    });

    it('reports an unsubscribe without grace immediately', async () => {
      const driver = await start();
      await driver.join(anna);
      await driver.leave(anna, 0);
      expect(facts(driver).slice(2)).toEqual(['0 member_removed anna', '0 channel_vacated']);
    });

    it('lets an earlier, longer grace outlast a later, shorter one', async () => {
      const driver = await start();
      await driver.join(anna);
      await driver.join(annaAgain);
      await driver.leave(anna, 3000);
      await driver.advance(1000);
      await driver.leave(annaAgain, 0);
      await driver.advance(10_000);
      expect(facts(driver).slice(2)).toEqual(['3000 member_removed anna', '3000 channel_vacated']);
    });

    it('forgets the graces before a return', async () => {
      const driver = await start();
      await driver.join(guest);
      await driver.leave(guest, 3000);
      await driver.advance(1000);
      await driver.join(guest);
      await driver.leave(guest, 0);
      expect(facts(driver)).toEqual(['0 channel_occupied', '1000 channel_vacated']);
    });

    it('cancels only the vacated when another user joins a lingering channel', async () => {
      const driver = await start();
      await driver.join(anna);
      await driver.leave(anna, 3000);
      await driver.advance(1000);
      await driver.join(bert);
      await driver.advance(10_000);
      expect(facts(driver).slice(2)).toEqual(['1000 member_added bert', '3000 member_removed anna']);
    });

    it('delays vacated until the last lingering member was removed', async () => {
      const driver = await start();
      await driver.join(anna);
      await driver.leave(anna, 3000);
      await driver.advance(1000);
      await driver.join(bert);
      await driver.leave(bert, 0);
      await driver.advance(10_000);
      expect(facts(driver).slice(2)).toEqual([
        '1000 member_added bert',
        '1000 member_removed bert',
        '3000 member_removed anna',
        '3000 channel_vacated',
      ]);
    });

    it('counts a user with several connections as one member', async () => {
      const driver = await start();
      await driver.join(bert);
      await driver.join(anna);
      await driver.join(annaAgain);
      await driver.leave(anna, 0);
      await driver.advance(10_000);
      expect(facts(driver).slice(2)).toEqual(['0 member_added anna']);
      expect(notices(driver)).toEqual(['0 member-added anna']);
    });

    it('answers queries immediately with what webhooks report after the grace period', async () => {
      const driver = await start();
      await driver.join(anna);
      await driver.leave(anna, 3000);
      expect(await driver.ledger.channel(appId, room)).toMatchObject({ occupied: false, userIds: [] });
      expect(await driver.ledger.occupiedChannels(appId, '')).toEqual([]);
    });

    it('does not count lingering members towards the member limit', async () => {
      const driver = await start();
      await driver.join(anna);
      await driver.join(bert);
      const carl = { ...anna, connection: 'c5', userId: 'carl' };
      expect(await driver.join(carl)).toEqual({ kind: 'member-limit' });
      await driver.leave(bert, 3000);
      expect(await driver.join(carl)).toMatchObject({ kind: 'joined' });
    });

    it('refuses both joins of a member that joins a full channel twice at the same time', async () => {
      const driver = await start();
      for (const userId of ['u1', 'u2']) await driver.join({ ...anna, connection: userId, userId });
      const answers = await Promise.all([driver.join(anna), driver.join(annaAgain)]);
      expect(answers).toEqual([{ kind: 'member-limit' }, { kind: 'member-limit' }]);
      const { userIds } = known(await driver.ledger.channel(appId, room));
      expect(userIds.toSorted()).toEqual(['u1', 'u2']);
    });

    it('leaves no trace of a join that the member limit refused', async () => {
      const driver = await new LedgerDriver(harness, { ...walkOptions, memberLimit: 0 }).start();
      expect(await driver.join(anna)).toEqual({ kind: 'member-limit' });
      await driver.advance(10_000);
      expect(facts(driver)).toEqual([]);
      expect(notices(driver)).toEqual([]);
      expect(await driver.ledger.occupiedChannels(appId, '')).toEqual([]);
    });

    it('keeps the deadline when a leave is reported twice', async () => {
      const driver = await start();
      await driver.join(guest);
      await driver.leave(guest, 3000);
      await driver.advance(2000);
      await driver.ledger.leave({ appId, channel: 'room' as ChannelName, channelLingersMs: 3000 });
      await driver.advance(10_000);
      expect(facts(driver)).toEqual(['0 channel_occupied', '3000 channel_vacated']);
    });

    it('reports everything once when a sweep comes late', async () => {
      const driver = await start();
      await driver.join(anna);
      await driver.leave(anna, 3000);
      driver.clock.advanceSync(9000);
      await driver.ledger.sweep();
      await driver.ledger.sweep();
      await driver.settled();
      expect(facts(driver).slice(2)).toEqual(['9000 member_removed anna', '9000 channel_vacated']);
    });
  });
}
