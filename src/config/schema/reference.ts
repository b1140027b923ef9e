import { jsonSchemaText } from './json-schema.ts';

/** The part of JSON Schema that the configuration uses. */
interface Node {
  readonly default?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
}

/** The tables of docs/configuration.md, by the prefix of their keys. A key is in the table with its longest prefix. */
const prefixes = [
  '',
  'apps[].',
  'apps[].webhooks[].',
  'limits.',
  'webhooks.',
  'redis.',
  'store.',
  'tls.',
  'metrics.',
  'dashboard.',
  'control.',
] as const;

type Prefix = (typeof prefixes)[number];

interface Row {
  readonly key: string;
  readonly default: string;
  readonly meaning: string;
}

/** Whether a key consists of keys with rows of their own. The default of such a key is not shown. */
const isGroup = (node: Node): boolean =>
  node.properties !== undefined ||
  node.items?.properties !== undefined ||
  node.anyOf?.some((one) => one.properties !== undefined) === true;

/**
 * Inserts the tables of all keys between the marks `<!-- keys: PREFIX -->` and `<!-- end of keys -->` of docs/configuration.md.
 * The mark of the top-level keys has the prefix `top`.
 */
export function withKeyTables(document: string): string {
  const schema: Node = JSON.parse(jsonSchemaText());
  const rows = [...rowsOf(schema, '')];
  return document.replaceAll(
    /<!-- keys: (\S+) -->[^]*?<!-- end of keys -->/g,
    (_, mark: string) =>
      `<!-- keys: ${mark} -->\n\n${tableOf(rows.filter(({ key }) => markOf(key) === mark))}\n\n<!-- end of keys -->`,
  );
}

/** The marks of all tables that docs/configuration.md must have. */
export function keyTableMarks(): readonly string[] {
  return prefixes.map(nameOf);
}

function nameOf(prefix: Prefix): string {
  return prefix === '' ? 'top' : prefix;
}

function markOf(key: string): string {
  const of = prefixes.filter((prefix) => key.startsWith(prefix)).toSorted((a, b) => b.length - a.length);
  return nameOf(of[0] ?? '');
}

function* rowsOf(node: Node, prefix: string): Generator<Row, void> {
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    const key = `${prefix}${name}`;
    if (key !== '$schema') yield { key, default: defaultOf(child), meaning: child.description ?? '' };
    // An app may override every limit; the table of limits lists them.
    if (key === 'apps[].limits') continue;
    yield* rowsOf(child, `${key}.`);
    for (const one of child.anyOf ?? []) yield* rowsOf(one, `${key}.`);
    if (child.items !== undefined) yield* rowsOf(child.items, `${key}[].`);
  }
}

function defaultOf(node: Node): string {
  if (!('default' in node) || isGroup(node)) return '';
  const { default: usual } = node;
  if (Array.isArray(usual) && usual.length > 1) return 'all but `subscription_count`';
  return usual === '' ? '`""`' : `\`${JSON.stringify(usual)}\``;
}

function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ key, default: usual, meaning }) => [
    `\`${key}\``,
    usual,
    meaning.replaceAll('|', '\\|'),
  ]);
  const all = [['key', 'default', 'meaning'], ...cells];
  const widths = [0, 1, 2].map((column) => Math.max(3, ...all.map((row) => row[column]?.length ?? 0)));
  const lineOf = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = widths.map((width) => '-'.repeat(width));
  return [lineOf(all[0] ?? []), lineOf(rule), ...cells.map(lineOf)].join('\n');
}
