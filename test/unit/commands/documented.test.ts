import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { describeCommands, serverOptions } from '../../support/unit/command-line.ts';

const page = readFileSync(new URL('../../../docs/command-line.md', import.meta.url), 'utf8');
const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

/** The text below a heading, up to the next heading. */
function section(heading: string): string {
  const [, text] = page.split(`\n## ${heading}\n`);
  return text?.split('\n## ')[0] ?? '';
}

/** The rows of options in a text. */
function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `-'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll(/\\([*_|<])/g, '$1')),
    );
}

const commands = await describeCommands();

describe('docs/command-line.md', () => {
  test('has every command, and no other', () => {
    const headings = [...page.matchAll(/\n## `(.+)`\n/g)].map(([, name]) => name);
    expect(headings).toEqual(commands.map(({ name }) => `soketify-emulator ${name}`.trim()));
  });

  test.each(commands)(
    'has the usage and options of `$name`, as in its help',
    ({ name, usage, options, asksServer }) => {
      const text = section(`\`${`soketify-emulator ${name}`.trim()}\``);
      expect(text).toContain(`\n${usage}\n`);
      expect(rowsOf(text)).toEqual(options.map(([flags, meaning]) => [`\`${flags}\``, meaning]));
      expect(text.includes('[which server](#which-server)')).toBe(asksServer);
    },
  );

  test('has the options that select the server', () => {
    expect(rowsOf(section('Which server'))).toEqual(
      serverOptions.map(([flags, meaning]) => [`\`${flags}\``, meaning]),
    );
  });

  test('is linked from the README', () => {
    expect(readme).toContain('(docs/command-line.md)');
  });
});

describe('the help', () => {
  test.each(commands)('of `$name` has an example, and so does the page', ({ name, help }) => {
    const called = `soketify-emulator ${name}`.trim();
    expect(help).toMatch(new RegExp(`\\n  .*${called}\\b`));
    expect(section(`\`${called}\``)).toMatch(new RegExp('```sh\\n[^`]*soketify-emulator'));
  });

  test('of each command states its exit codes', () => {
    const without = commands.filter(
      ({ help, name }) => !name.startsWith('endpoints ') && !help.includes('Exit codes:'),
    );
    expect(without.map(({ name }) => name)).toEqual([]);
  });
});
