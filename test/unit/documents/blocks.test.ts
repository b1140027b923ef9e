import { describe, expect, test } from 'vitest';
import { transform } from 'esbuild';
import { validate } from '../../../src/config/validate.ts';
import { configSchema } from '../../../src/config/schema/schema.ts';
import { blocksIn, blocksOf, pages, type Block } from '../../support/documents/pages.ts';

const nameOf = ({ page, line }: Block): string => `${page}:${line}`;
const withNames = (blocks: readonly Block[]) => blocks.map((block) => [nameOf(block), block] as const);

/** A minimal app, for blocks that show only some keys. */
const app = { id: '1', key: 'app-key', secret: 'app-secret' };

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The configuration that a block shows, completed with an app; undefined: it shows something else. */
function configurationIn(value: unknown): unknown {
  if (!isObject(value)) return undefined;
  const keys = Object.keys(value);
  if (keys.length === 1 && Array.isArray(value['webhooks'])) return { apps: [{ ...app, ...value }] };
  const isConfiguration = keys.length > 0 && keys.every((key) => key in configSchema.entries);
  return isConfiguration ? { apps: [app], ...value } : undefined;
}

test('every block of code names its language, or shows plain output', () => {
  const languages = new Set(pages.flatMap(blocksOf).map(({ language }) => language));
  const known = [
    '',
    'sh',
    'json',
    'js',
    'ts',
    'php',
    'python',
    'ruby',
    'go',
    'nginx',
    'yaml',
    'ini',
    'http',
    'sql',
    'caddy',
    'haproxy',
  ];
  expect([...languages].filter((language) => !known.includes(language))).toEqual([]);
});

describe('blocks of JSON', () => {
  const blocks = withNames(blocksIn('json'));

  test.each(blocks)('%s parses', (_, { text }) => {
    expect(() => JSON.parse(text)).not.toThrow();
  });

  const configurations = blocks.flatMap(([name, { text }]) => {
    const shown = configurationIn(JSON.parse(text));
    return shown === undefined ? [] : [[name, shown] as const];
  });

  test('some of them are configurations', () => {
    expect(configurations.length).toBeGreaterThan(3);
  });

  test.each(configurations)('%s is a valid configuration', (_, shown) => {
    expect(validate(shown)).toMatchObject({ kind: 'ok' });
  });
});

describe('blocks of JavaScript and TypeScript', () => {
  test.each(withNames(blocksIn('js', 'ts')))('%s parses', async (_, { text, language }) => {
    const loader = language === 'ts' ? 'ts' : 'js';
    await expect(transform(text, { loader, format: 'esm', target: 'esnext' })).resolves.toBeDefined();
  });
});
