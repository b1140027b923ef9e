import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { findGaps } from '../../src/build/api/check.ts';
import { readDeclarations } from '../../src/build/api/read.ts';
import { compileExamples } from '../support/api-examples.ts';

const types = await readFile(new URL('../../dist/index.d.cts', import.meta.url), 'utf8');
const page = await readFile(new URL('../../docs/api.md', import.meta.url), 'utf8');
const declarations = readDeclarations(types);
const exported = declarations.filter(({ isExported }) => isExported).map(({ name }) => name);

/** Every example, named after its declaration. */
const examples = Object.fromEntries(
  declarations.flatMap(({ name, doc, members }) =>
    [doc, ...members.map((member) => member.doc)]
      .flatMap((one) => one.examples)
      .map((text, index) => [`${name}-${index}`, text] as const),
  ),
);

describe('the docstrings of the library', () => {
  test('state for each export what it promises, when it throws and since which version it exists, with an example of each call', () => {
    expect(exported).toContain('startEmulator');
    expect(findGaps(declarations)).toEqual([]);
  });

  test('have examples that compile', async () => {
    expect(Object.keys(examples).length).toBeGreaterThan(10);
    expect(await compileExamples(examples, exported)).toBe('');
  });

  test('have examples that do not compile when they use what the library does not have', async () => {
    const wrong = { wrong: 'await soketify.webhooks.waitFor({ nome: "member_added" });' };
    expect(await compileExamples(wrong, exported)).toContain("'nome' does not exist");
  });
});

test('docs/api.md has a section for each export', () => {
  const sections = [...page.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
  expect(sections).toEqual(expect.arrayContaining(exported));
});
