// Writes docs/api.md from the docstrings in dist/index.d.cts. With --check it changes nothing.
// Exits with 1 if docstrings are missing or, with --check, if the page is out of date.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { findGaps } from './check.ts';
import { readDeclarations } from './read.ts';
import { renderApi } from './render.ts';

const page = fileURLToPath(new URL('../../../docs/api.md', import.meta.url));
const types = fileURLToPath(new URL('../../../dist/index.d.cts', import.meta.url));

const declarations = readDeclarations(readFileSync(types, 'utf8'));
const gaps = findGaps(declarations);
const text = await format(renderApi(declarations), { ...(await resolveConfig(page)), parser: 'markdown' });

if (gaps.length > 0) fail(`docstrings of the library are incomplete:\n  ${gaps.join('\n  ')}`);
if (!process.argv.includes('--check')) writeFileSync(page, text);
else if (!existsSync(page) || readFileSync(page, 'utf8') !== text) {
  fail('docs/api.md is out of date: it does not match the docstrings. Run "npm run docs:api"');
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
