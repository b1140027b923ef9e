import { cpSync, mkdirSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createProject, type Project } from '../support/package/project.ts';

const original = fileURLToPath(new URL('../../node_modules/uWebSockets.js/', import.meta.url));
const own = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`;
const others = ['uws_win32_x64_127.node', 'uws_darwin_arm64_115.node'];

/**
 * A project with a copy of uWebSockets.js: this machine's binary, and small files in the place of two others.
 */
async function install(): Promise<{ readonly project: Project; readonly folder: string }> {
  const project = await createProject();
  const folder = join(project.folder, 'node_modules/uWebSockets.js');
  rmSync(folder);
  mkdirSync(folder);
  for (const name of ['package.json', 'uws.js', 'ESM_wrapper.mjs', own])
    cpSync(join(original, name), join(folder, name));
  for (const name of others) {
    writeFileSync(join(folder, name), '');
    truncateSync(join(folder, name), 1_500_000);
  }
  return { project, folder };
}

function prune(project: Project, ...args: readonly string[]) {
  return project.run('node_modules/.bin/soketify-emulator', ['prune', ...args]);
}

describe('soketify-emulator prune', () => {
  test('keeps the binary of this machine, which still loads, and reports how much space was freed', async () => {
    const { project, folder } = await install();
    const before = readdirSync(folder);
    expect(await prune(project, '--dry-run')).toEqual({
      code: 0,
      output: `would remove 2 binaries and free 3.0 MB; ${own} is kept in ${folder}\n`,
    });
    expect(readdirSync(folder)).toEqual(before);
    expect(await prune(project)).toEqual({
      code: 0,
      output: `removed 2 binaries and freed 3.0 MB; ${own} is kept in ${folder}\n`,
    });
    expect(readdirSync(folder)).toEqual(before.filter((name) => !others.includes(name)));
    expect((await prune(project)).output).toMatch(/^nothing to remove; /);
    expect(await project.node('-e', startsAndEnds)).toEqual({ code: 0, output: '' });
  });

  test.each([
    ['is missing', (file: string) => rmSync(file), /^error: the binary for this machine is missing: /],
    ['is another one', (file: string) => truncateSync(file, 1000), /is not the trusted one/],
  ])('removes nothing if the binary of this machine %s', async (_, damage, reason) => {
    const { project, folder } = await install();
    damage(join(folder, own));
    const { code, output } = await prune(project);
    expect(output).toMatch(reason);
    expect(code).toBe(1);
    for (const name of others) expect(statSync(join(folder, name)).size).toBe(1_500_000);
  });

  test('refuses if the package is not found', async () => {
    const { project, folder } = await install();
    rmSync(folder, { recursive: true });
    const { code, output } = await prune(project);
    expect(output).toMatch(/^error: the package uWebSockets\.js was not found/);
    expect(code).toBe(1);
  });
});

const startsAndEnds = `require('soketify-emulator').startEmulator().then((soketify) => soketify.close())`;
