import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Commit } from '../../../src/store/disk/writer.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { openDisk, temporaryFolder } from '../../support/disk/open-disk.ts';

/** Mounts a small disk in memory for the test; undefined if this user is not allowed to. */
function smallDisk(bytes: number): string | undefined {
  const path = temporaryFolder();
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path]);
  if (status !== 0) return undefined;
  onTestFinished(() => void spawnSync('umount', ['--lazy', path]));
  return path;
}

/** Records unhandled rejections: Node ends a program because of one. */
function unheldRejections(): unknown[] {
  const rejections: unknown[] = [];
  const record = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', record);
  onTestFinished(() => void process.off('unhandledRejection', record));
  return rejections;
}

describe('a store whose disk fails', () => {
  it('keeps everything while the disk is full, and writes it when there is space', async ({ skip }) => {
    const path = smallDisk(2_000_000);
    if (path === undefined) skip('a small disk can be mounted by root alone');
    else {
      const unheld = unheldRejections();
      const consoleError = vi.spyOn(console, 'error').mockImplementation(() => {});
      onTestFinished(() => consoleError.mockRestore());
      const { database, reports } = await openDisk(path);
      database.put('meta', 'before', '1');
      expect(await database.safe('now')).toBe(true);
      const ballast = join(path, 'ballast');
      try {
        writeFileSync(ballast, Buffer.alloc(2_000_000));
      } catch {
        // The disk is completely full.
      }
      for (let key = 0; key < 500; key += 1) database.put('outbox', key, 'v'.repeat(1000));
      expect(await database.safe('now')).toBe(false);
      expect(database.failure).toContain('no space is left on the disk');
      expect(reports).toEqual([`failure: ${database.failure}`]);
      expect(await database.safe('now')).toBe(false);
      rmSync(ballast);
      await vi.waitUntil(() => database.failure === undefined, { timeout: 10_000 });
      expect(reports).toHaveLength(2);
      database.put('outbox', 500, 'last');
      expect(await database.safe('now')).toBe(true);
      await database.close();
      expect(unheld).toEqual([]);

      const again = await openDisk(path);
      expect([...again.database.entries('outbox')]).toHaveLength(501);
      expect([...again.database.entries('meta')]).toEqual([['before', '1']]);
    }
  });

  it('notices a full disk before LMDB does', async ({ skip }) => {
    const path = smallDisk(2_000_000);
    if (path === undefined) skip('a small disk can be mounted by root alone');
    else {
      // LMDB reports this when it fails to write.
      const consoleError = vi.spyOn(console, 'error').mockImplementation(() => {});
      onTestFinished(() => consoleError.mockRestore());
      const { database } = await openDisk(path);
      database.put('meta', 'before', '1');
      expect(await database.safe('now')).toBe(true);
      try {
        writeFileSync(join(path, 'ballast'), Buffer.alloc(2_000_000));
      } catch {
        // The disk is completely full.
      }
      database.put('outbox', 1, 'v'.repeat(100_000));
      expect(await database.safe('now')).toBe(false);
      expect(database.failure).toMatch(/^no space is left on the disk \(\d+ bytes free, \d+ needed\)$/);
      expect(consoleError).not.toHaveBeenCalled();
      rmSync(join(path, 'ballast'));
      await vi.waitUntil(() => database.failure === undefined, { timeout: 10_000 });
    }
  });

  it('continues where it was when writing fails for a while', async () => {
    const path = temporaryFolder();
    const clock = new FakeClock();
    let isFailing = false;
    const commit =
      (real: Commit): Commit =>
      (changes, progress) => {
        if (isFailing) progress.ended('input/output error');
        else real(changes, progress);
      };
    const { database, reports } = await openDisk(path, { clock }, { commit });
    database.put('outbox', 1, 'first');
    expect(await database.safe('now')).toBe(true);
    isFailing = true;
    database.remove('outbox', 1);
    database.put('outbox', 2, 'second');
    expect(await database.safe('now')).toBe(false);
    database.put('outbox', 3, 'third');
    await clock.advance(60_000);
    expect(database.failure).toBe('input/output error');
    isFailing = false;
    await clock.advance(5000);
    await vi.waitUntil(() => database.failure === undefined);
    expect(reports).toEqual(['failure: input/output error', 'recovery']);
    await database.close();
    const again = await openDisk(path);
    expect([...again.database.entries('outbox')]).toEqual([
      [2, 'second'],
      [3, 'third'],
    ]);
  });

  it('reports how much is lost when it closes before it works again', async () => {
    const path = temporaryFolder();
    const commit = (): Commit => (_changes, progress) => progress.ended('input/output error');
    const { database, lines } = await openDisk(path, {}, { commit });
    database.put('outbox', 1, 'first');
    await database.close();
    expect(lines).toMatchObject([{ level: 'error', fields: { keys: 1, reason: 'input/output error' } }]);
    const again = await openDisk(path);
    expect([...again.database.entries('outbox')]).toEqual([]);
  });
});
