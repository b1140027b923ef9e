import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { gzipOptions } from '../../src/dashboard/static-files.ts';

const folder = fileURLToPath(new URL('../../dist/dashboard/', import.meta.url));
const mostBytes = 64_000;

test('all pages of the Dashboard together are small', () => {
  const files = readdirSync(folder).filter((name) => /\.(?:js|css)\.br$/.test(name));
  // The sizes that browsers receive over plain HTTP.
  const sizes = files.map(
    (name) => gzipSync(brotliDecompressSync(readFileSync(`${folder}${name}`)), gzipOptions).length,
  );
  expect(files.map((name) => name.replace(/-\w+\./, '.')).toSorted()).toEqual(['main.js.br', 'style.css.br']);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(mostBytes);
});
