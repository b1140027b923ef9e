// Builds dist/, unless it is up to date; `npm run build -- --force` always builds.
// esbuild bundles the program, the library and the worker thread into one script, because finding, linking and compiling hundreds of
// small modules takes most of the time of a start. tsc and a bundler write the library's types into one file.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isBuilt, recordBuild } from './stamp.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

if (process.argv.includes('--force') || !isBuilt(root)) await build();

async function build() {
  // Loaded only if a build is needed.
  const [{ buildPage }, { buildProgram }, { buildTypes }, { noticesOf }] = await Promise.all([
    import('./page.mjs'),
    import('./program.mjs'),
    import('./types.mjs'),
    import('./notices.mjs'),
  ]);
  rmSync(`${root}/dist`, { recursive: true, force: true });
  mkdirSync(`${root}/dist`);
  await buildTypes(root);
  const sources = [await buildProgram(root), await buildPage(root)].flat();
  writeFileSync(`${root}/dist/licenses.txt`, noticesOf(root, sources));
  // The program reads them from the folder of its own script.
  cpSync(`${root}/src/store/redis/scripts`, `${root}/dist/scripts`, { recursive: true });
  for (const file of ['index.cjs', 'index.js', 'load.cjs', 'main.cjs', 'main.js', 'thread.cjs'])
    cpSync(`${root}/src/entry/${file}`, `${root}/dist/${file}`);
  // Last, because it must not be older than the program.
  execFileSync(process.execPath, ['src/build/write-compiled.mjs'], { cwd: root, stdio: 'inherit' });
  recordBuild(root);
}
