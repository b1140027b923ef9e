import { rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { FileWatcher } from '../../src/system/watch-files.ts';
import { temporaryFolder } from '../support/disk/open-disk.ts';

/** Watches these files. Returns how often they have changed. */
function watch(watcher: FileWatcher, ...paths: readonly string[]): () => number {
  let changes = 0;
  onTestFinished(watcher.watch(paths, () => (changes += 1)));
  return () => changes;
}

// A test of the whole program found this: the server was started, and did not watch its file yet.
test('a file that changes after it was read and before it is watched is detected', async () => {
  const file = join(temporaryFolder(), 'config.json');
  await writeFile(file, 'first');
  const watcher = new FileWatcher();
  expect(watcher.readFile(file)).toBe('first');
  await writeFile(file, 'second, and longer');
  const changes = watch(watcher, file);
  await expect.poll(changes).toBe(1);
});

test('a file that appears, one that is replaced and one that disappears are detected, together once', async () => {
  const folder = temporaryFolder();
  const [absent, replaced, removed] = ['absent', 'replaced', 'removed'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(replaced, 'same size');
  await writeFile(removed, '');
  const changes = watch(new FileWatcher(), absent, replaced, removed);
  await writeFile(absent, '');
  await writeFile(join(folder, 'new'), 'same size');
  await rename(join(folder, 'new'), replaced);
  await rm(removed);
  await expect.poll(changes).toBe(1);
});

test('a file that cannot be read is detected once it can be', async () => {
  const file = join(temporaryFolder(), 'config.json');
  await symlink(file, file);
  const watcher = new FileWatcher();
  expect(() => watcher.readFile(file)).toThrow('ELOOP');
  const changes = watch(watcher, file);
  await rm(file);
  await writeFile(file, 'readable');
  await expect.poll(changes).toBe(1);
});
