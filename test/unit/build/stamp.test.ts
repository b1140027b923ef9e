import { appendFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';

const module = new URL('../../../src/build/stamp.mjs', import.meta.url).href;
const { isBuilt, recordBuild } = (await import(module)) as {
  isBuilt(root: string): boolean;
  recordBuild(root: string): void;
};

/** A checkout that was built. */
function built(): string {
  const root = mkdtempSync(join(tmpdir(), 'soketify-stamp-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const folder of ['src/connections', 'src/http-api', 'dist/scripts'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const file of ['package.json', 'package-lock.json', 'tsconfig.json', 'README.md'])
    writeFileSync(join(root, file), file);
  for (const file of ['src/main.ts', 'src/connections/hub.ts', 'dist/program.cjs', 'dist/scripts/join.lua'])
    writeFileSync(join(root, file), `content of ${file}`);
  recordBuild(root);
  return root;
}

describe('a checkout', () => {
  test('counts as built if nothing has changed since the build', () => {
    expect(isBuilt(built())).toBe(true);
  });

  test.each<[string, (root: string) => void]>([
    ['a source changes', (root) => appendFileSync(join(root, 'src/connections/hub.ts'), '!')],
    [
      'a source changes, but neither its size nor its time',
      (root) => {
        writeFileSync(join(root, 'src/main.ts'), 'CONTENT OF src/main.ts');
        utimesSync(join(root, 'src/main.ts'), 0, 0);
      },
    ],
    ['a source is added', (root) => writeFileSync(join(root, 'src/http-api/api.ts'), '')],
    ['a source is removed', (root) => rmSync(join(root, 'src/connections/hub.ts'))],
    ['the lock file changes', (root) => appendFileSync(join(root, 'package-lock.json'), '!')],
    ['a built file is removed', (root) => rmSync(join(root, 'dist/scripts/join.lua'))],
    ['a built file is truncated', (root) => writeFileSync(join(root, 'dist/program.cjs'), '')],
    ['all built files are removed', (root) => rmSync(join(root, 'dist'), { recursive: true })],
    ['a build was interrupted', (root) => rmSync(join(root, 'dist/stamp.json'))],
    ['the record is damaged', (root) => writeFileSync(join(root, 'dist/stamp.json'), '{"input":')],
  ])('no longer counts as built if %s', (_, change) => {
    const root = built();
    change(root);
    expect(isBuilt(root)).toBe(false);
  });

  test.each<[string, (root: string) => void]>([
    ['a file changes that the build does not read', (root) => appendFileSync(join(root, 'README.md'), '!')],
    [
      'a source is written again with the same content',
      (root) => utimesSync(join(root, 'src/main.ts'), 1, 1),
    ],
  ])('still counts as built if %s', (_, change) => {
    const root = built();
    change(root);
    expect(isBuilt(root)).toBe(true);
  });
});
