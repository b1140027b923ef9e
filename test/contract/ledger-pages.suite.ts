import { describe, expect, it } from 'vitest';
import { walkOptions } from '../support/property/ledger-commands.ts';
import { LedgerDriver } from '../support/property/ledger-driver.ts';
import type { LedgerHarness } from '../support/property/ledger-port.ts';
import { known } from '../support/known.ts';

const appId = 'a1';
const names = Array.from({ length: 200 }, (_, index) => `room-${String((index * 7) % 200).padStart(3, '0')}`);

/** The channels of an app, page by page. */
export function testPages(name: string, harness: LedgerHarness): void {
  const start = async (channels: readonly string[]): Promise<LedgerDriver> => {
    const driver = await new LedgerDriver(harness, walkOptions).start();
    for (const [index, channel] of channels.entries()) {
      await driver.join({ appId, connection: `c${index}`, channel });
    }
    return driver;
  };

  describe(`${name}, pages of channels`, () => {
    it('contain each channel once, in order, until there are no more', async () => {
      const { ledger } = await start([...names, 'aside', 'zoo']);
      for (const [limit, pages] of [
        [1, 201],
        [64, 4],
        [200, 2],
        [500, 1],
      ] as const) {
        const found: string[] = [];
        let count = 0;
        for (let isMore = true; isMore; count += 1) {
          const page = { after: found.at(-1) ?? '', limit };
          const some = known(await ledger.occupiedChannels(appId, 'room-', page));
          found.push(...some);
          isMore = some.length === limit;
        }
        expect(found).toEqual(names.toSorted());
        expect(count).toBe(pages);
      }
    });

    it('may also be requested without an order', async () => {
      const { ledger } = await start(names);
      const some = async (prefix: string, limit: number) =>
        known(await ledger.occupiedChannels(appId, prefix, { after: undefined, limit }));
      expect(new Set(await some('', 150)).size).toBe(150);
      expect((await some('', 300)).toSorted()).toEqual(names.toSorted());
      expect((await some('room-00', 300)).toSorted()).toEqual(names.toSorted().slice(0, 10));
      expect(await some('other', 300)).toEqual([]);
    });

    it('start after any name, whether there is such a channel or not', async () => {
      const { ledger } = await start(names.slice(0, 3));
      const following = async (after: string, prefix = '') =>
        known(await ledger.occupiedChannels(appId, prefix, { after, limit: 10 }));
      const [first = '', second = '', third = ''] = names.slice(0, 3).toSorted();
      expect(await following(first)).toEqual([second, third]);
      expect(await following(`${first}.`)).toEqual([second, third]);
      expect(await following('a', 'room-')).toEqual([first, second, third]);
      expect(await following('zoo', 'room-')).toEqual([]);
      expect(await following(third)).toEqual([]);
    });
  });
}
