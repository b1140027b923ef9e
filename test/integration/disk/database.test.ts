import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StoreError, type Key, type Table } from '../../../src/store/disk/database.ts';
import type { Commit } from '../../../src/store/disk/writer.ts';
import { openDisk, temporaryFolder } from '../../support/disk/open-disk.ts';

/** The content of these tables on disk, as the next process finds it. */
async function reopened(
  path: string,
  ...tables: Table[]
): Promise<Record<string, (readonly [Key, string])[]>> {
  const { database } = await openDisk(path);
  const found = Object.fromEntries(tables.map((table) => [table, [...database.entries(table)]]));
  await database.close();
  return found;
}

describe('a database on disk', () => {
  it('is new once, and later found with its content', async () => {
    const path = join(temporaryFolder(), 'some', 'folder.d');
    const { database, lines } = await openDisk(path);
    expect(database.isNew).toBe(true);
    expect([...database.entries('meta')]).toEqual([]);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    database.put('meta', 'epoch', 'abc');
    database.put('announced', '["app","räum","用户"]', '{}');
    database.put('cached', 'empty', '');
    await database.close();

    const again = await openDisk(path);
    expect(again.database.isNew).toBe(false);
    expect(again.database.lost).toBeUndefined();
    expect([...again.database.entries('meta')]).toEqual([['epoch', 'abc']]);
    expect([...again.database.entries('announced')]).toEqual([['["app","räum","用户"]', '{}']]);
    expect([...again.database.entries('cached')]).toEqual([['empty', '']]);
    expect(lines).toEqual([]);
    expect(readdirSync(path).toSorted()).toEqual(['data.mdb', 'data.mdb-lock', 'lock']);
  });

  it('returns entries once', async () => {
    const { database } = await openDisk(temporaryFolder());
    database.entries('meta');
    expect(() => database.entries('meta')).toThrow('already returned');
  });

  it('returns numbers in their order, however great, and strings in that of their bytes', async () => {
    const path = temporaryFolder();
    const { database } = await openDisk(path);
    const numbers = [2 ** 53 - 1, 1, 256, 2, 2 ** 32 + 1, 255, 0, 10];
    for (const key of numbers) database.put('outbox', key, String(key));
    for (const key of ['b', 'a', 'ab', '["z"]']) database.put('batches', key, key);
    await database.close();
    const { outbox, batches } = await reopened(path, 'outbox', 'batches');
    expect(outbox?.map(([key]) => key)).toEqual(numbers.toSorted((one, other) => one - other));
    expect(batches?.map(([key]) => key)).toEqual(['["z"]', 'a', 'ab', 'b']);
  });

  it('keeps keys that are longer than LMDB allows, and large values', async () => {
    const path = temporaryFolder();
    const { database } = await openDisk(path);
    const keys = [
      'x'.repeat(1979),
      'x'.repeat(100_000),
      `${'x'.repeat(100_000)}y`,
      'long:short',
      '用'.repeat(700),
    ];
    for (const key of keys) database.put('missed', key, `value of ${key.length}`);
    database.put('missed', 'gone', '1');
    database.put('batches', 'large', 'v'.repeat(5_000_000));
    expect(await database.safe('now')).toBe(true);
    for (const key of ['gone', ...keys.slice(0, 1)]) database.remove('missed', key);
    await database.close();
    const { missed, batches } = await reopened(path, 'missed', 'batches');
    expect(new Map(missed)).toEqual(new Map(keys.slice(1).map((key) => [key, `value of ${key.length}`])));
    expect(batches?.[0]?.[1]).toHaveLength(5_000_000);
  });

  it('keeps the last value of a key', async () => {
    const path = temporaryFolder();
    const { database } = await openDisk(path);
    database.put('meta', 'a', '1');
    database.remove('meta', 'a');
    database.put('meta', 'a', '2');
    database.put('outbox', 1, 'first');
    expect(await database.safe('soon')).toBe(true);
    database.put('outbox', 2, 'second');
    database.remove('outbox', 2);
    database.remove('outbox', 1);
    database.remove('meta', 'never there');
    await database.close();
    expect(await reopened(path, 'meta', 'outbox')).toEqual({ meta: [['a', '2']], outbox: [] });
  });

  it('removes numbers that an earlier process has put', async () => {
    const path = temporaryFolder();
    const first = await openDisk(path);
    first.database.put('outbox', 5, 'a');
    first.database.put('outbox', 6, 'b');
    await first.database.close();
    const second = await openDisk(path);
    second.database.remove('outbox', 5);
    await second.database.close();
    expect(await reopened(path, 'outbox')).toEqual({ outbox: [[6, 'b']] });
  });

  it('writes thousands of keys in one transaction', async () => {
    const path = temporaryFolder();
    const { database } = await openDisk(path, { sync: 'disk' });
    for (let key = 0; key < 20_000; key += 1) database.put('log', key, `{"entry":${key}}`);
    expect(await database.safe('now')).toBe(true);
    await database.close();
    const { log } = await reopened(path, 'log');
    expect(log).toHaveLength(20_000);
  });

  it('refuses data of a newer version, and leaves it unchanged', async () => {
    const path = temporaryFolder();
    const newer = await openDisk(path, { layout: 2 });
    newer.database.put('meta', 'a', '1');
    await newer.database.close();
    await expect(openDisk(path)).rejects.toThrow(StoreError);
    await expect(openDisk(path)).rejects.toThrow(
      'written by a newer version of this program (layout 2, this version knows 1)',
    );
    const again = await openDisk(path, { layout: 3 });
    expect([...again.database.entries('meta')]).toEqual([['a', '1']]);
  });

  it('is closed once, even if called repeatedly, and ignores later changes', async () => {
    const path = temporaryFolder();
    const { database, lines } = await openDisk(path);
    database.put('meta', 'a', '1');
    await Promise.all([database.close(), database.close()]);
    database.put('meta', 'b', '1');
    database.remove('meta', 'a');
    expect(await database.safe('now')).toBe(false);
    await database.close();
    expect(lines).toEqual([]);
    expect(await reopened(path, 'meta')).toEqual({ meta: [['a', '1']] });
  });

  it.skipIf(process.platform === 'win32')(
    'notices a transaction before the disk has been flushed',
    async () => {
      const calls: string[] = [];
      const commit =
        (real: Commit): Commit =>
        (changes, { visible, ended }) =>
          real(changes, {
            visible: () => {
              calls.push('visible');
              visible();
            },
            ended: (failure) => {
              calls.push(failure ?? 'ended');
              ended(failure);
            },
          });
      const { database } = await openDisk(temporaryFolder(), {}, { commit });
      // A disk that is quick may have flushed a transaction before anybody is notified that it is visible.
      for (let round = 0; round < 200 && !calls.includes('visible'); round += 1) {
        database.put('meta', `key-${round}`, '1');
        expect(await database.safe('now')).toBe(true);
      }
      await database.close();
      expect(calls).toContain('visible');
      expect(calls.at(-1)).toBe('ended');
    },
  );

  it('states in one line why the library cannot be loaded', async () => {
    const path = temporaryFolder();
    const load = (): Promise<never> =>
      Promise.reject(new Error("/lib/libc.so.6: version `GLIBC_2.34' not found\nrequired by lmdb.node"));
    const opening = openDisk(path, {}, { load });
    await expect(opening).rejects.toThrow(StoreError);
    await expect(opening).rejects.toThrow(/lmdb.*GLIBC_2\.34.*Install again[^\n]*$/);
    // The folder is free again.
    await openDisk(path);
  });
});
