import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { FileWatcher } from '../../src/system/watch-files.ts';

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'soketify-watch-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Watches these files. Returns how often they have changed. */
function watch(watcher: FileWatcher, ...paths: readonly string[]): () => number {
  let changes = 0;
  onTestFinished(watcher.watch(paths, () => (changes += 1)));
  return () => changes;
}

// A test of the whole program found this: the server was started, and did not watch its file yet.
test('a file that changes after it was read and before it is watched is detected', async () => {
  const file = join(await emptyFolder(), 'config.json');
  await writeFile(file, 'first');
  const watcher = new FileWatcher();
  watcher.noteRead([file]);
  await writeFile(file, 'second, and longer');
  const changes = watch(watcher, file);
  await expect.poll(changes).toBe(1);
});

test('a file that appears, one that is replaced and one that disappears are detected, together once', async () => {
  const folder = await emptyFolder();
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
