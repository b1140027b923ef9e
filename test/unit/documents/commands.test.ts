import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { blocksIn, root } from '../../support/documents/pages.ts';

const { scripts }: { scripts: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(`${root}package.json`, 'utf8'),
);

/** Commands of all blocks, one a line, without comments. */
const commands = blocksIn('sh').flatMap(({ page, line, text }) =>
  text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((command, index) => ({
      at: `${page}:${line + index + 1}`,
      command: command.replace(/(^|\s)#.*$/, '').trim(),
    }))
    .filter(({ command }) => command !== ''),
);

/** The matches of a pattern in the commands, with their places. */
function found(pattern: RegExp): readonly (readonly [string, string])[] {
  return commands.flatMap(({ at, command }) =>
    [...command.matchAll(pattern)].map(([, name = '']) => [at, name] as const),
  );
}

describe('the commands that the documents show', () => {
  test('run only scripts that package.json has', () => {
    const names = found(/\bnpm (?:run )?(start|test|run [\w:-]+|[\w:]+(?= --))/g);
    const run = found(/\bnpm run ([\w:-]+)/g);
    expect(names.length + run.length).toBeGreaterThan(10);
    expect(run.filter(([, name]) => !(name in scripts))).toEqual([]);
  });

  test('name only files of the repository that exist', () => {
    const files = found(/(?<=^|[\s=])((?:src|test|config|bench|docs)\/[\w./-]+)/g);
    expect(files.length).toBeGreaterThan(3);
    expect(files.filter(([, file]) => !existsSync(`${root}${file}`))).toEqual([]);
  });

  test('set only environment variables that the program reads', () => {
    const source = ['src/config/environment.ts', 'src/transport/native.ts']
      .map((file) => readFileSync(`${root}${file}`, 'utf8'))
      .join('');
    const variables = found(/\b(SOKETIFY_[A-Z0-9_]+)/g);
    expect(variables.length).toBeGreaterThan(2);
    expect(variables.filter(([, name]) => !source.includes(name))).toEqual([]);
  });
});
