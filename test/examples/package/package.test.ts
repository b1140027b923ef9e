import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { pack } from '../../support/package/pack.ts';
import { createProject, runIn } from '../../support/package/project.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = fileURLToPath(new URL('.', import.meta.url));
const filesHere = (...names: readonly string[]): readonly string[] => names.map((name) => folder + name);

/** The files of the repository to which pages link, and which the package does not contain. */
const onlyInRepository =
  /^(?:ARCHITECTURE|CONTRIBUTING)\.md$|^bench\/|^docs\/(?:api\.md$|images\/|architecture\/)|^config\/compose\./;

interface Compose {
  readonly include?: unknown;
  readonly services: Readonly<Record<string, { readonly build?: unknown }>>;
}

/** The maximum size of the archive in bytes, including the documents. */
const mostBytes = 650_000;

function emptyFolder(): string {
  const empty = mkdtempSync(join(tmpdir(), 'soketify-package-'));
  onTestFinished(() => rmSync(empty, { recursive: true, force: true }));
  return empty;
}

/** The files of the archive, relative to the package. */
function filesOfArchive(): readonly string[] {
  const listed = execFileSync('tar', ['-tzf', inject('packedPackage')], { encoding: 'utf8' });
  return listed
    .trim()
    .split('\n')
    .map((name) => name.replace(/^package\//, ''));
}

function readFromArchive(name: string): string {
  return execFileSync('tar', ['-xzOf', inject('packedPackage'), `package/${name}`], { encoding: 'utf8' });
}

describe('the archive', () => {
  test('contains what is used, and nothing else', () => {
    const files = filesOfArchive();
    expect(files.filter((name) => /^dist\/[^/]*$/.test(name)).toSorted()).toEqual(
      [
        ...['index.cjs', 'index.d.cts', 'index.d.ts', 'index.js', 'ioredis.cjs', 'licenses.txt', 'load.cjs'],
        ...['main.cjs', 'main.js', 'program.cjs', 'thread.cjs'],
      ].map((name) => `dist/${name}`),
    );
    const folders = new Set(
      files.filter((name) => name.startsWith('dist/')).map((name) => name.split('/')[1]),
    );
    expect([...folders].filter((name) => !name?.includes('.'))).toEqual(['dashboard', 'scripts']);
    expect(files).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'SECURITY.md', 'config/schema.json']),
    );
    expect(files.filter((name) => /\.map$|^(?:src|test|bench)\//.test(name))).toEqual([]);
    expect(statSync(inject('packedPackage')).size).toBeLessThan(mostBytes);
  });

  test('names the licence of each package that is a part of it', () => {
    const notices = readFromArchive('dist/licenses.txt');
    for (const name of ['commander', 'fastest-levenshtein', 'jsonc-parser', 'pino', 'preact', 'valibot']) {
      const at = notices.indexOf(`\n${name} `);
      expect(at).toBeGreaterThan(0);
      expect(notices.slice(at, at + 300)).toMatch(/\(MIT\)\n\n[^]*copyright/i);
    }
  });

  test('has no Compose file that builds an image or includes another file', () => {
    const names = filesOfArchive().filter((name) => /compose[^/]*\.yaml$/.test(name));
    expect(names).toEqual(['config/monitoring/compose.yaml']);
    for (const name of names) {
      const { include, services }: Compose = parse(readFromArchive(name));
      expect(include, name).toBeUndefined();
      expect(Object.keys(services).filter((service) => services[service]?.build !== undefined)).toEqual([]);
    }
  });

  test('has every file to which its pages link, except those that they attribute to the repository', () => {
    const files = filesOfArchive();
    const missing = files
      .filter((name) => name.endsWith('.md'))
      .flatMap((page) =>
        [...readFromArchive(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
          .map(([, link = '']) => link)
          .filter((link) => !/^[a-z]+:/.test(link))
          .map((link) => normalize(join(dirname(page), link)))
          .filter((target) => !files.includes(target) && !onlyInRepository.test(target))
          .map((target) => `${page}: ${target}`),
      );
    expect(missing).toEqual([]);
  });

  test(
    'of a fresh clone is complete, and npm installs it into an empty folder',
    { timeout: 300_000 },
    async () => {
      const clone = emptyFolder();
      execFileSync('git', ['clone', '--quiet', '--depth', '1', `file://${root}`, clone]);
      symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
      const archive = pack(clone, emptyFolder());
      const program = join(clone, 'dist/program.cjs');
      const builtAt = statSync(program).mtimeMs;

      const project = emptyFolder();
      await writeFile(join(project, 'package.json'), '{"private":true}');
      const install = ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', archive];
      expect(await runIn(project, 'npm', install, {}, 120_000)).toMatchObject({ code: 0 });
      expect(readdirSync(join(project, 'node_modules'))).not.toContain('valibot');
      expect(await runIn(project, 'npx', ['soketify-emulator', '--version'])).toEqual({
        code: 0,
        output: '0.1.0\n',
      });
      const script = `require('soketify-emulator').startEmulator().then(async (soketify) => {
      console.log((await fetch(soketify.url + '/healthz')).status);
      await soketify.close();
    })`;
      expect(await runIn(project, process.execPath, ['-e', script])).toEqual({ code: 0, output: '200\n' });

      // Packing again does not build again, because nothing has changed.
      pack(clone, emptyFolder());
      expect(statSync(program).mtimeMs).toBe(builtAt);
    },
  );
});

describe('the package', () => {
  test('leaves no handle after close: the process exits by itself', async () => {
    const project = await createProject({ packages: ['ws'], files: filesHere('leak.cjs') });
    expect(await project.node('leak.cjs')).toEqual({ code: 0, output: '[]' });
  });

  test('has types for ES modules and CommonJS', async () => {
    const files = ['types.cts', 'types.mts'];
    const project = await createProject({
      packages: ['pusher', 'pusher-js', '@types'],
      files: filesHere(...files),
    });
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2023', 'esnext.disposable', 'dom'], // The types of pusher-js refer to the DOM.
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: false,
    };
    await project.write('tsconfig.json', JSON.stringify({ compilerOptions, files }));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    expect(await project.node(tsc, '-p', '.')).toEqual({ code: 0, output: '' });
    // What a project that installs the package does not have, or need not have.
    const { output: read } = await project.node(tsc, '-p', '.', '--listFilesOnly');
    expect(read).toContain('dist/index.d.ts');
    expect(read).not.toMatch(/node_modules\/(valibot|commander|ioredis|undici|uWebSockets\.js|pino)\//);
  });
});
