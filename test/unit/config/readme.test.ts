import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { limitTable } from '../../../src/protocol/limits.ts';

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

/** The cells of the rows whose first one begins so. */
function rows(prefix: string): string[][] {
  return readme
    .split('\n')
    .filter((line) => line.startsWith(`| \`${prefix}`))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

test('the README has one row for each limit, as the table of limits says', () => {
  expect(rows('limits.')).toEqual(
    Object.entries(limitTable).map(([name, { default: usual, meaning }]) => [
      `\`limits.${name}\``,
      usual === null ? '`null`' : String(usual),
      meaning.slice(0, 1).toLowerCase() + meaning.slice(1).replace(/\.$/, ''),
    ]),
  );
});
