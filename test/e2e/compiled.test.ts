import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

const files = ['ioredis.cjs', 'load.cjs', 'main.cjs', 'main.js', 'program.cjs'];

function compiledOf(folder: string, script: string): string {
  return join(folder, 'dist/compiled', `${script}-${process.version}-${process.platform}-${process.arch}`);
}

/** An installation of the program with the build's compiled code. */
function install(): { readonly folder: string; readonly compiled: string } {
  const folder = mkdtempSync(join(tmpdir(), 'soketify-compiled-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const name of ['compiled', ...files]) {
    cpSync(join(root, 'dist', name), join(folder, 'dist', name), {
      recursive: true,
      preserveTimestamps: true,
    });
  }
  return { folder, compiled: compiledOf(folder, 'program') };
}

function run(folder: string, file = 'main.cjs'): string {
  const { stdout, stderr } = spawnSync(process.execPath, [join(folder, 'dist', file), '--version'], {
    encoding: 'utf8',
  });
  return stdout.trim() + stderr;
}

test.each(['program', 'ioredis'])('the build compiles %s for its own version of Node', (script) => {
  expect(readFileSync(compiledOf(install().folder, script)).length).toBeGreaterThan(10_000);
});

test('ioredis is loaded, whether or not its compiled code can be used', () => {
  const { folder } = install();
  const compiled = compiledOf(folder, 'ioredis');
  const text = `typeof require(${JSON.stringify(join(folder, 'dist/load.cjs'))}).openIoredis().Redis`;
  const load = () => spawnSync(process.execPath, ['-p', text], { encoding: 'utf8' });
  const loaded = { stdout: 'function\n', stderr: '' };
  expect(load()).toMatchObject(loaded);
  writeFileSync(compiled, readFileSync(compiled).fill(0x5a, 1000, 1064));
  expect(load()).toMatchObject(loaded);
  rmSync(compiled);
  expect(load()).toMatchObject(loaded);
});

test('the program starts with the compiled code, by either name', () => {
  const { folder } = install();
  expect([run(folder), run(folder, 'main.js')]).toEqual([version, version]);
});

test('the program starts where it can neither use nor write compiled code', () => {
  const { folder, compiled } = install();
  rmSync(join(compiled, '..'), { recursive: true });
  expect(run(folder)).toBe(version);
  writeFileSync(join(compiled, '..'), 'a file in the place of the folder');
  expect(run(folder)).toBe(version);
});

test.each([
  ['empty', () => Buffer.alloc(0)],
  ['cut off', (whole: Buffer) => whole.subarray(0, whole.length / 2)],
  ['damaged', (whole: Buffer) => whole.fill(0x5a, whole.length / 2, whole.length / 2 + 64)],
  [
    'not compiled code, but longer than a checksum',
    () => Buffer.from('not compiled at all, but longer than a checksum'),
  ],
])('the program starts although its compiled code is %s', (_, change) => {
  const { folder, compiled } = install();
  writeFileSync(compiled, change(readFileSync(compiled)));
  expect(run(folder)).toBe(version);
});

test('compiled code of another build is not used', () => {
  const { folder, compiled } = install();
  const program = join(folder, 'dist/program.cjs');
  // The same length, which is all that V8 checks, and not newer than the compiled code.
  const text = readFileSync(program, 'utf8');
  const other = `// ${'f'.repeat(64)}${text.slice(text.indexOf('\n'))}`.replace(
    'to listen on, instead',
    'TO LISTEN ON, instead',
  );
  expect(other).toHaveLength(text.length);
  writeFileSync(program, other);
  utimesSync(program, 0, 0);
  expect(helpOf(folder)).toContain('TO LISTEN ON');
  expect(readFileSync(compiled).length).toBeGreaterThan(0);
});

test('compiled code is not used after the program was changed', () => {
  const { folder, compiled } = install();
  const program = join(folder, 'dist/program.cjs');
  writeFileSync(
    program,
    readFileSync(program, 'utf8').replace('to listen on, instead', 'TO LISTEN ON, instead'),
  );
  utimesSync(compiled, 1, 1);
  expect(helpOf(folder)).toContain('TO LISTEN ON');
});

function helpOf(folder: string): string {
  return spawnSync(process.execPath, [join(folder, 'dist/main.cjs'), '--help'], { encoding: 'utf8' }).stdout;
}
