import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { keyTableMarks, withKeyTables } from '../../../../src/config/schema/reference.ts';
import { limitTable } from '../../../../src/protocol/limits.ts';

const document = readFileSync(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8');

test('docs/configuration.md has the tables that are generated from the schema', () => {
  expect(withKeyTables(document)).toBe(document);
});

test('docs/configuration.md has a place for every table', () => {
  for (const mark of keyTableMarks()) expect(document).toContain(`<!-- keys: ${mark} -->`);
});

test('every limit has a row with its default and its meaning', () => {
  const rows = document.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  for (const [name, { default: usual, meaning }] of Object.entries(limitTable)) {
    expect(rows).toContainEqual(['', `\`limits.${name}\``, `\`${String(usual)}\``, meaning, '']);
  }
});
