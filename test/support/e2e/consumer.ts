import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const packages = ['pusher', 'pusher-js', 'vitest', 'ws', '@types', '@sinonjs'];

/** What a program that has ended says. */
interface Ended {
  readonly code: number;
  readonly output: string;
}

/** A project that has installed this package, with its tests. */
export interface Consumer {
  readonly folder: string;
  /** Runs Node with these arguments, in the folder. */
  run(...args: readonly string[]): Promise<Ended>;
  /** The program of a package that this project develops with. */
  bin(path: string): string;
}

/** Makes such a project of these files of `packages/`; it is removed when the test ends. */
export async function createConsumer(...files: readonly string[]): Promise<Consumer> {
  const folder = await mkdtemp(join(tmpdir(), 'soketify-consumer-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'node_modules'));
  await symlink(root, join(folder, 'node_modules/soketify-emulator'));
  for (const name of packages)
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  await writeFile(join(folder, 'package.json'), '{"private":true}');
  for (const file of files) await cp(join(root, 'test/support/e2e/packages', file), join(folder, file));
  return {
    folder,
    run: (...args) => run(folder, args),
    bin: (path) => join(root, 'node_modules', path),
  };
}

function run(cwd: string, args: readonly string[]): Promise<Ended> {
  // What this process was told of the test runner is not for that one.
  const { NODE_OPTIONS: _o, NODE_ENV: _e, VITEST: _v, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, env, timeout: 25_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, output: `${stdout}${stderr}` });
    });
  });
}
