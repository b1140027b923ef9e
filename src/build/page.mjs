// The page of the Dashboard, complete: the browser asks nobody else for anything.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { minify } from 'rolldown/utils';

/**
 * Writes dist/dashboard/, each file compressed: the server unpacks it for who asks for another form. Names hold a hash, so that a
 * browser may keep what it has. Resolves with the paths of all files that are in it.
 */
export async function buildPage(root) {
  // Texts that few visits need have a file of their own.
  const texts = JSON.stringify((await evaluated(root, 'src/dashboard/page/reference.ts')).reference);
  const textsName = `reference-${createHash('sha256').update(texts).digest('hex').slice(0, 8)}.json`;
  const { outputFiles, metafile } = await build({
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
    metafile: true,
    logLevel: 'warning',
  });
  const named = (ending) => basename(outputFiles.find(({ path }) => path.endsWith(ending)).path);
  const html = readFileSync(`${root}/src/dashboard/page/index.html`, 'utf8')
    .replace('STYLE', `assets/${named('.css')}`)
    .replace('SCRIPT', `assets/${named('.js')}`);
  const files = [
    ...(await Promise.all(
      outputFiles.map(async ({ path, text }) => ({
        name: basename(path),
        contents: path.endsWith('.js') ? await minified(text) : text,
      })),
    )),
    { name: textsName, contents: texts },
    { name: 'index.html', contents: html },
  ];
  mkdirSync(`${root}/dist/dashboard`, { recursive: true });
  for (const { name, contents } of files)
    writeFileSync(`${root}/dist/dashboard/${name}.br`, brotliCompressSync(contents));
  return Object.keys(metafile.inputs);
}

/** A script, minified once more: the second tool finds what the first one leaves. */
async function minified(text) {
  const { code, errors } = await minify('page.js', text, { compress: true, mangle: true, module: true });
  if (errors.length > 0) throw errors[0];
  return code;
}

/** What a module of the sources exports. */
async function evaluated(root, file) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [file],
    bundle: true,
    format: 'esm',
    write: false,
  });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}
