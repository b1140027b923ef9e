import { execFile, execFileSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** What a new project contains besides the package. */
export interface ProjectOptions {
  /** Packages of this checkout to install as well, such as `vitest` and `pusher-js`. Default: none. */
  readonly packages?: readonly string[];
  /** Files or folders to copy into the project, as absolute paths. Each keeps its name. Default: none. */
  readonly files?: readonly string[];
  /** Its `package.json`. Default: `{ "private": true }`. */
  readonly manifest?: Readonly<Record<string, unknown>>;
}

/** The result of a program. */
export interface Ended {
  readonly code: number;
  /** Standard output, then standard error. */
  readonly output: string;
}

/** A project that has installed the packed package. */
export interface Project {
  readonly folder: string;
  /** Writes a file into the project. */
  write(name: string, content: string): Promise<void>;
  /** Runs Node in the folder with these arguments for at most 60 s. Resolves whatever its exit code. */
  node(...args: readonly string[]): Promise<Ended>;
  /** Runs a program in the folder for at most 60 s. Resolves whatever its exit code. */
  run(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** The path of a script of an installed package, such as `vitest/vitest.mjs`. */
  script(path: string): string;
}

/**
 * Creates a project in an empty folder, and installs the packed package there. Dependencies are linked from
 * the checkout, so that no registry is needed. `bin` works as after `npm install`. The vitest project needs
 * `test/support/package/pack.ts` as its `globalSetup`. The folder is removed when the test ends.
 */
export async function createProject({
  packages = [],
  files = [],
  manifest = { private: true },
}: ProjectOptions = {}): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'soketify-project-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const modules = join(folder, 'node_modules');
  const { dependencies, bin } = await unpack(inject('packedPackage'), join(modules, 'soketify-emulator'));
  for (const name of [...Object.keys(dependencies), ...packages]) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(root, 'node_modules', name), join(modules, name));
  }
  await mkdir(join(modules, '.bin'));
  for (const [name, path] of Object.entries(bin)) {
    await chmod(join(modules, 'soketify-emulator', path), 0o755);
    await symlink(join('../soketify-emulator', path), join(modules, '.bin', name));
  }
  const write = (name: string, content: string): Promise<void> => writeFile(join(folder, name), content);
  await write('package.json', JSON.stringify(manifest));
  for (const file of files) {
    await cp(file, join(folder, file.split('/').at(-1) ?? ''), { recursive: true });
  }
  const start: Project['run'] = (program, args, env = {}) => runIn(folder, program, args, env);
  return {
    folder,
    write,
    run: start,
    node: (...args) => start(process.execPath, args),
    script: (path) => join(modules, path),
  };
}

/** The part of a manifest that an installation needs. */
interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
}

async function unpack(archive: string, folder: string): Promise<Manifest> {
  await mkdir(folder, { recursive: true });
  execFileSync('tar', ['-xzf', archive, '-C', folder, '--strip-components=1']);
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/**
 * Runs a program in a folder with these variables added. Resolves whatever its exit code, with -1 if it took
 * too long.
 */
// oxlint-disable-next-line max-params -- the last two are seldom given
export function runIn(
  cwd: string,
  program: string,
  args: readonly string[],
  added: Readonly<Record<string, string>> = {},
  timeoutMs = 60_000,
): Promise<Ended> {
  // The program must not inherit the variables of this test runner.
  const { NODE_OPTIONS: _o, NODE_ENV: _e, VITEST: _v, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { cwd, env: { ...env, ...added }, timeout: timeoutMs },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, output: `${stdout}${stderr}` });
      },
    );
  });
}
