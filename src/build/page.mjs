// Builds the page of the Dashboard. It is complete: the browser loads nothing from other servers.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { minify } from 'rolldown/utils';

/**
 * Writes dist/dashboard/ with each file compressed; the server unpacks a file for clients that do not accept that. Names contain a
 * hash, so that browsers can cache the files. Resolves with the paths of all bundled files.
 */
export async function buildPage(root) {
  // Texts that few visits need are in a separate file.
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
    // The output is shorter than that of the automatic runtime, which repeats "children".
    jsx: 'transform',
    jsxFactory: 'h',
    jsxFragment: 'Fragment',
    inject: ['src/dashboard/page/jsx.ts'],
    tsconfigRaw: {},
    define: {
      referenceFile: JSON.stringify(`assets/${textsName}`),
      // Leaves out what the signals do for developer tools.
      'window.__PREACT_SIGNALS_DEVTOOLS__': 'false',
    },
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

/** Minifies a script once more: the second tool shortens what the first one leaves. */
async function minified(text) {
  const { code, errors } = await minify('page.js', text, { compress: true, mangle: true, module: true });
  if (errors.length > 0) throw errors[0];
  return code;
}

/** Returns the exports of a module of the sources. */
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
