import { copyFileSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StoreError } from '../../../src/store/disk/database.ts';
import { openDisk, temporaryFolder } from '../../support/disk/open-disk.ts';

/** A folder with a database of some pages. */
async function filledFolder(): Promise<string> {
  const path = temporaryFolder();
  const { database } = await openDisk(path);
  for (let key = 0; key < 2000; key += 1) database.put('outbox', key, `an event with the number ${key}`);
  await database.close();
  return path;
}

function lostFolders(path: string): string[] {
  return readdirSync(path).filter((name) => name.startsWith('lost-'));
}

describe('the folder of the store', () => {
  it('moves aside what is not a database, logs that, and creates a new one', async () => {
    for (const garbage of ['short', Buffer.alloc(40_000, 'x')]) {
      const path = temporaryFolder();
      writeFileSync(join(path, 'data.mdb'), garbage);
      const { database, lines } = await openDisk(path);
      expect(database.isNew).toBe(true);
      expect(lostFolders(path)).toEqual([database.lost?.movedTo.slice(path.length + 1)]);
      expect(readFileSync(join(database.lost?.movedTo ?? '', 'data.mdb'))).toEqual(Buffer.from(garbage));
      expect(lines).toMatchObject([{ level: 'error', message: expect.stringContaining('moved aside') }]);
      database.put('meta', 'a', '1');
      await database.close();
      const again = await openDisk(path);
      expect(again.database.isNew).toBe(false);
      expect(again.database.lost).toBeUndefined();
    }
  });

  it('moves aside a truncated database', async () => {
    for (const bytes of [100, 8192, 20_000]) {
      const path = await filledFolder();
      truncateSync(join(path, 'data.mdb'), bytes);
      const { database } = await openDisk(path);
      expect(database.lost?.reason).toMatch(/ends the process|MDB_/);
      expect([...database.entries('outbox')]).toEqual([]);
    }
  });

  it('treats an empty file as a lost one, and creates a new one', async () => {
    const path = await filledFolder();
    truncateSync(join(path, 'data.mdb'), 0);
    const { database } = await openDisk(path);
    expect(database.isNew).toBe(true);
    expect(database.lost?.reason).toBe('the file is empty');
  });

  it('starts with an empty file as with none if the previous start was interrupted', async () => {
    const path = temporaryFolder();
    writeFileSync(join(path, 'opening'), '');
    writeFileSync(join(path, 'data.mdb'), '');
    const { database } = await openDisk(path);
    expect(database.isNew).toBe(true);
    expect(database.lost).toBeUndefined();
  });

  it('keeps at most three of those, the latest', async () => {
    const path = temporaryFolder();
    for (const name of ['lost-2020', 'lost-2021', 'lost-2022', 'lost-2023']) mkdirSync(join(path, name));
    writeFileSync(join(path, 'data.mdb'), 'garbage');
    const { database } = await openDisk(path);
    expect(lostFolders(path).toSorted()).toEqual([
      'lost-2022',
      'lost-2023',
      database.lost?.movedTo.slice(path.length + 1),
    ]);
  });

  it('keeps a sound database although the program ended while it opened it', async () => {
    const path = await filledFolder();
    writeFileSync(join(path, 'opening'), '');
    const { database, lines } = await openDisk(path);
    expect(database.lost).toBeUndefined();
    expect([...database.entries('outbox')]).toHaveLength(2000);
    expect(lines).toEqual([]);
    expect(readdirSync(path)).not.toContain('opening');
  });

  it('moves a damaged database aside after it has crashed the program', async () => {
    const path = await filledFolder();
    const file = join(path, 'data.mdb');
    const bytes = readFileSync(file);
    // The beginning and the length are those of a sound one.
    bytes.fill(0xff, 8192);
    writeFileSync(file, bytes);
    writeFileSync(join(path, 'opening'), '');
    const { database } = await openDisk(path);
    expect(database.lost).toBeDefined();
    expect(database.isNew).toBe(true);
  });

  it('is refused with what to do', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const [path, message] of [
      [file, 'it is a file; name a folder'],
      [join(file, 'below'), 'a part of the path is a file; name a folder'],
      ['/proc/soketify', 'the folder cannot be created there; name another one'],
    ] as const) {
      const opening = openDisk(path);
      await expect(opening).rejects.toThrow(StoreError);
      await expect(opening).rejects.toThrow(`the store ${path} cannot be used: ${message}`);
    }
  });

  it('can be copied while it is closed', async () => {
    const path = await filledFolder();
    const copy = temporaryFolder();
    copyFileSync(join(path, 'data.mdb'), join(copy, 'data.mdb'));
    const { database } = await openDisk(copy);
    expect([...database.entries('outbox')]).toHaveLength(2000);
  });
});
