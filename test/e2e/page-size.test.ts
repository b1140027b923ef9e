import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../../dist/dashboard/', import.meta.url));
const mostBytes = 60_000;

test('all pages of the Dashboard together are small', () => {
  const files = readdirSync(folder).filter((name) => /\.(?:js|css)\.gz$/.test(name));
  const sizes = files.map((name) => statSync(`${folder}${name}`).size);
  expect(files.map((name) => name.replace(/-\w+\./, '.')).toSorted()).toEqual(['main.js.gz', 'style.css.gz']);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(mostBytes);
});
