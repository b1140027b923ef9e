// Builds the program, the library and the worker thread as one script, with the small packages that each start needs.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { minify } from 'rolldown/utils';

/**
 * Writes dist/program.cjs, and dist/ioredis.cjs with the package that only nodes on Redis need. V8 can cache each script compiled: it
 * is the function that Node would make from a CommonJS module. The first line identifies the build, so that `load.cjs` finds the
 * matching cache. Variables get short names; functions and classes keep theirs, for stack traces. Resolves with the paths of all
 * bundled files.
 */
export async function buildProgram(root) {
  const { dependencies } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  // Optional packages are not bundled. All others are: finding and compiling their hundreds of files would take long.
  const external = [...Object.keys(dependencies), 'pino-pretty'];
  const scripts = await Promise.all([
    buildScript(root, 'program', 'src/entry/parts.cjs', [...external, 'ioredis']),
    buildScript(root, 'ioredis', 'ioredis', external),
  ]);
  return scripts.flat();
}

async function buildScript(root, name, entry, external) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    supported: { 'dynamic-import': false },
    external,
    // If a package has two forms, the ES modules can always be bundled.
    mainFields: ['module', 'main'],
    define: { 'import.meta.url': 'programUrl' },
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
    write: false,
    metafile: true,
  });
  writeFileSync(`${root}/dist/${name}.cjs`, named(await shortened(outputFiles[0].text)));
  return Object.keys(metafile.inputs);
}

/** Shortens the script. It is read at each start and stays in memory, because functions are compiled on their first call. */
async function shortened(text) {
  const short = await minified(`(function (exports, require, module, __filename, __dirname) {
'use strict';
const programUrl = require('node:url').pathToFileURL(__filename).href;
${text}
})`);
  const code = inLines(inAscii(short));
  // A line break inside a string would change the program.
  if (inAscii(await minified(code)) !== inAscii(await minified(short)))
    throw new Error('breaking the lines of the program has changed it');
  return code;
}

async function minified(text) {
  // Without the assignment, the expression would be unused and removed.
  const { code, errors } = await minify('program.cjs', `built=${text}`, {
    compress: false,
    mangle: { keepNames: true },
    codegen: { removeWhitespace: true },
  });
  if (errors.length > 0) throw errors[0];
  return code.replace(/^built=/, '').replace(/;$/, '');
}

/** Breaks the script into lines, because Node prints the whole line of an uncaught error. */
function inLines(code) {
  return code.replace(/(?<=[;}])(?=(?:async )?function |class |var |let |const )/g, '\n');
}

function inAscii(code) {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function named(code) {
  return `// ${createHash('sha256').update(code).digest('hex')}\n${code}\n`;
}
