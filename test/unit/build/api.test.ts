import { describe, expect, test } from 'vitest';
import { findGaps } from '../../../src/build/api/check.ts';
import { readDeclarations } from '../../../src/build/api/read.ts';
import { renderApi } from '../../../src/build/api/render.ts';

const complete = `
declare const sizes: readonly ['small', 'large'];
/** A size. */
type Size = (typeof sizes)[number];
/** A code.
 * @since 1.0.0 */
type EmulatorErrorCode =
/** It is shut. */
'ERR_SHUT'
/** It is gone. */
 | 'ERR_GONE';
/**
 * A door.
 *
 * @example
 * door.open(3);
 * @since 1.0.0
 */
interface Door {
    /** Its size. */
    readonly size?: Size | null;
    readonly never?: undefined;
    /**
     * Opens it.
     *
     * @throws EmulatorError with ERR_GONE.
     */
    open(ms: number): void;
}
/**
 * Builds a door.
 *
 * @param size Its size. Default: small.
 * @throws EmulatorError with ERR_SHUT when
 * nothing is left.
 * @example
 * build('large');
 * @since 1.1.0
 */
declare function build(size?: Size): Door;
export { build };
export type { Door, EmulatorErrorCode };
`;

const gapsAfter = (from: string | RegExp, to: string): readonly string[] =>
  findGaps(readDeclarations(complete.replace(from, to)));

describe('the page of the library', () => {
  const page = renderApi(readDeclarations(complete));
  const sectionOf = (name: string): string => page.split(`### ${name}\n`)[1]?.split(/^##/m)[0] ?? '';

  test('shows signature, parameters, errors, example and version of a function', () => {
    const section = sectionOf('build');
    expect(section).toContain('function build(size?: Size): Door;');
    expect(section).toContain('| `size?` | `Size` | Its size. Default: small. |');
    expect(section).toContain('**Throws** EmulatorError with ERR_SHUT when nothing is left.');
    expect(section).toContain("```ts\nbuild('large');\n```");
    expect(section).toContain('See [Door](#door), [Size](#size).');
    expect(section).toContain('Since 1.1.0.');
  });

  test('shows the properties of an interface without those that must be absent, and its methods', () => {
    expect(sectionOf('Door')).toContain('| `size?` | `Size \\| null` | Its size. |');
    expect(page).toContain('#### `open(ms)`\n\nOpens it.\n\n```\nopen(ms: number): void\n```');
    expect(page).not.toContain('never');
  });

  test('shows what each value of a union means', () => {
    expect(sectionOf('EmulatorErrorCode')).toContain("| `'ERR_GONE'` | It is gone. |");
  });

  test('shows a type that is derived from constants as its values, apart from what is exported', () => {
    expect(page.split('## Types that are not exported')[1]).toContain('type Size = "small" | "large";');
  });
});

describe('the docstrings of the library', () => {
  test('may be complete', () => {
    expect(findGaps(readDeclarations(complete))).toEqual([]);
  });

  test.each<readonly [string | RegExp, string, string]>([
    ['/** A size. */', '', 'Size has no docstring'],
    ['/** Its size. */', '', 'Door.size? has no docstring'],
    [' * @since 1.1.0\n', '', 'build has no @since'],
    [" * @example\n * build('large');\n", '', 'build has no @example'],
    [' * @example\n * door.open(3);\n', '', 'Door has no @example'],
    [/ \* @throws EmulatorError with ERR_SHUT[^@]*/, ' * ', 'build has no @throws'],
    [' * @param size Its size. Default: small.\n', '', 'build has no @param size'],
    ['with ERR_GONE.', 'with ERR_LOST.', 'open throws ERR_LOST, which is not an EmulatorErrorCode'],
    ['Opens it.', 'Opens it, or rejects with ERR_GONE.', 'open names ERR_GONE outside @throws'],
    [
      'A door.',
      'A door.\n *\n * ```ts\n * door.open();\n * ```',
      'Door has an example without @example, which is not compiled',
    ],
  ])('lack something: %s replaced by %j', (from, to, gap) => {
    expect(gapsAfter(from, to)).toEqual([gap]);
  });
});
