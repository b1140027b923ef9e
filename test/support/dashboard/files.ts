import { existsSync, readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';

const root = fileURLToPath(new URL('../../../dist/dashboard/', import.meta.url));
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
};

/** A file of the built page, or undefined if it does not exist. */
export function fileBeneath(path: string): { readonly type: string; readonly content: Buffer } | undefined {
  const name = path === '' ? 'index.html' : basename(path);
  const file = `${root}${name}.br`;
  const type = types[extname(name)];
  if (type === undefined || !existsSync(file)) return undefined;
  return { type, content: brotliDecompressSync(readFileSync(file)) };
}
