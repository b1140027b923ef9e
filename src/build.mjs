// Builds dist/: types by tsc, the library as few files, and the program as one script, because finding, linking and
// compiling hundreds of small modules takes most of the time of a start. Small packages go in as well. The code stays what
// it is: nothing is renamed, and stack traces name functions as the sources do.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { dependencies, devDependencies } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));

rmSync(`${root}/dist`, { recursive: true, force: true });
const tsc = ['node_modules/typescript/bin/tsc', '-p', 'src', '--emitDeclarationOnly'];
execFileSync(process.execPath, tsc, { cwd: root, stdio: 'inherit' });
/** Small, needed at each start, and hundreds of files together: they become a part of what is built. */
const bundled = ['commander', 'fastest-levenshtein', 'jsonc-parser', 'pino', 'zod'];
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  external: Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !bundled.includes(name)),
  // Of two forms of a package that of ES modules can become a part in any case.
  mainFields: ['module', 'main'],
  legalComments: 'none',
  logLevel: 'warning',
};
// The library, and what a worker thread begins with.
await build({
  ...common,
  plugins: [{ name: 'scripts', setup: keepApart }],
  entryPoints: ['src/index.ts', 'src/workers/thread.ts'],
  outdir: 'dist',
  splitting: true,
  format: 'esm',
});
await buildProgram();
// Read beside the module that they are in.
cpSync(`${root}/src/store/redis/scripts`, `${root}/dist/scripts`, { recursive: true });
for (const file of ['index.cjs', 'index.d.cts', 'load.cjs', 'main.cjs', 'main.js', 'real.cjs'])
  cpSync(`${root}/src/${file}`, `${root}/dist/${file}`);
cpSync(`${root}/src/emulator/emulator-error.cjs`, `${root}/dist/emulator-error.cjs`);
cpSync(`${root}/src/emulator/emulator-error.d.cts`, `${root}/dist/emulator/emulator-error.d.cts`);

// The page of the Dashboard, complete: the browser asks nobody else for anything. Names hold a hash, so that a browser may
// keep what it has.
// Texts that few visits need have a file of their own.
const texts = JSON.stringify((await evaluated('src/dashboard/page/reference.ts')).reference);
const textsName = `reference-${createHash('sha256').update(texts).digest('hex').slice(0, 8)}.json`;
const page = await build({
  absWorkingDir: root,
  entryPoints: ['src/dashboard/page/main.tsx', 'src/dashboard/page/style.css'],
  outdir: 'dist/dashboard',
  entryNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  // Shorter than the calls of the automatic runtime, which name "children" each time.
  jsx: 'transform',
  jsxFactory: 'h',
  jsxFragment: 'Fragment',
  inject: ['src/dashboard/page/jsx.ts'],
  tsconfigRaw: {},
  define: { referenceFile: JSON.stringify(`assets/${textsName}`) },
  write: false,
  logLevel: 'warning',
});
const named = (ending) => basename(page.outputFiles.find(({ path }) => path.endsWith(ending)).path);
const html = readFileSync(`${root}/src/dashboard/page/index.html`, 'utf8')
  .replace('STYLE', `assets/${named('.css')}`)
  .replace('SCRIPT', `assets/${named('.js')}`);
const files = [
  ...page.outputFiles.map(({ path, contents }) => ({ name: basename(path), contents })),
  { name: textsName, contents: Buffer.from(texts) },
  { name: 'index.html', contents: Buffer.from(html) },
];
mkdirSync(`${root}/dist/dashboard`, { recursive: true });
for (const { name, contents } of files) {
  writeFileSync(`${root}/dist/dashboard/${name}`, contents);
  writeFileSync(`${root}/dist/dashboard/${name}.br`, brotliCompressSync(contents));
  writeFileSync(`${root}/dist/dashboard/${name}.gz`, smallestGzip(contents));
}

// Last, because it must not be older than the program.
execFileSync(process.execPath, ['src/write-compiled.mjs'], { cwd: root, stdio: 'inherit' });

/**
 * The program, as one script that V8 can keep compiled: the function that Node would make of a CommonJS module. Its first
 * line is the name of this build, by which `main.cjs` knows what was compiled of it.
 */
async function buildProgram() {
  const unnamed = '0'.repeat(64);
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: ['src/main.ts'],
    outfile: 'dist/program.cjs',
    format: 'cjs',
    supported: { 'dynamic-import': false },
    // The whole text is kept in memory, because functions are compiled when they are called first.
    minifyWhitespace: true,
    lineLimit: 160,
    define: { 'import.meta.url': 'programUrl' },
    banner: {
      js: `// ${unnamed}\n(function (exports, require, module, __filename, __dirname) { const programUrl = require('node:url').pathToFileURL(__filename).href;`,
    },
    footer: { js: '})' },
    write: false,
    metafile: true,
  });
  writeFileSync(`${root}/dist/licenses.txt`, licensesOf(Object.keys(metafile.inputs)));
  for (const { path, text } of outputFiles)
    writeFileSync(path, path.endsWith('.cjs') ? withName(text) : text);

  function withName(text) {
    // All that is beyond ASCII is escaped, but for comments of others.
    const ascii = text.replace(/[^\0-\x7f]/g, '?');
    return ascii.replace(unnamed, createHash('sha256').update(ascii).digest('hex'));
  }
}

/** What `index.cjs` has loaded by then stays in files of its own. Whatever needs them is beside them. */
function keepApart({ onResolve }) {
  onResolve({ filter: /\/(?:real|emulator-error)\.cjs$/ }, ({ path }) => ({
    path: `./${basename(path)}`,
    external: true,
  }));
}

/** The licences of the packages that these files are of, which go where the files go. */
function licensesOf(sources) {
  const folders = new Set(sources.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []));
  return [...folders]
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map(licenseIn)
    .join('\n');
}

function licenseIn(folder) {
  const names = readdirSync(`${root}/${folder}`).filter((name) => /^licen[cs]e/i.test(name));
  const { name, version, license } = JSON.parse(readFileSync(`${root}/${folder}/package.json`, 'utf8'));
  const licences = names.map((file) => readFileSync(`${root}/${folder}/${file}`, 'utf8'));
  return [`${name} ${version} (${license})`, ...licences].join('\n\n');
}

/** Which memory level packs best depends on the content. */
function smallestGzip(contents) {
  const packed = [6, 7, 8, 9].map((memLevel) => gzipSync(contents, { level: 9, memLevel }));
  return packed.toSorted((a, b) => a.length - b.length)[0];
}

/** What a module of the sources exports. */
async function evaluated(file) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [file],
    bundle: true,
    format: 'esm',
    write: false,
  });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}
