// The program, the library and the worker thread as one script, with the small packages that each start needs.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { minify } from 'rolldown/utils';

/**
 * Writes dist/program.cjs, as one script that V8 can keep compiled: the function that Node would make of a CommonJS module.
 * Its first line is the name of this build, by which `load.cjs` knows what was compiled of it. Variables get short names;
 * functions and classes keep theirs, for stack traces. Resolves with the paths of all files that are in it.
 */
export async function buildProgram(root) {
  const { dependencies } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/entry/doors.cjs'],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    supported: { 'dynamic-import': false },
    // Everything else becomes a part: packages that are small, needed at each start, and hundreds of files together. What is
    // optional stays outside.
    external: [...Object.keys(dependencies), 'pino-pretty'],
    // Of two forms of a package that of ES modules can become a part in any case.
    mainFields: ['module', 'main'],
    define: { 'import.meta.url': 'programUrl' },
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
    write: false,
    metafile: true,
  });
  writeFileSync(`${root}/dist/program.cjs`, named(await shortened(outputFiles[0].text)));
  return Object.keys(metafile.inputs);
}

/** The whole text is read at each start and kept in memory, because functions are compiled when they are called first. */
async function shortened(text) {
  const short = await minified(`(function (exports, require, module, __filename, __dirname) {
'use strict';
const programUrl = require('node:url').pathToFileURL(__filename).href;
${text}
})`);
  const code = inLines(inAscii(short));
  // Had a line been broken within a text, that would be another one.
  if (inAscii(await minified(code)) !== inAscii(await minified(short)))
    throw new Error('breaking the lines of the program has changed it');
  return code;
}

async function minified(text) {
  // The parentheses alone would be an expression that nobody uses, and go.
  const { code, errors } = await minify('program.cjs', `built=${text}`, {
    compress: false,
    mangle: { keepNames: true },
    codegen: { removeWhitespace: true },
  });
  if (errors.length > 0) throw errors[0];
  return code.replace(/^built=/, '').replace(/;$/, '');
}

/** An error that nobody catches has Node print the line that it is of: that is not to be all of the program. */
function inLines(code) {
  return code.replace(/(?<=[;}])(?=(?:async )?function |class |var |let |const )/g, '\n');
}

function inAscii(code) {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function named(code) {
  return `// ${createHash('sha256').update(code).digest('hex')}\n${code}\n`;
}
