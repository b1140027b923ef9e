import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One fenced block of a page. */
export interface Block {
  readonly page: string;
  /** The line of its fence, counted from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The Markdown pages for users and contributors, relative to the checkout. */
export const pages: readonly string[] = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  'bench/README.md',
];

/** The text of a page. */
export function readPage(page: string): string {
  return readFileSync(`${root}${page}`, 'utf8');
}

/** The fenced blocks of a page. */
export function blocksOf(page: string): readonly Block[] {
  const text = readPage(page);
  return [...text.matchAll(/^[ ]*```(\w*)[^\n]*\n([^]*?)^[ ]*```$/gm)].map(
    ({ 1: language = '', 2: body = '', index }) => ({
      page,
      line: text.slice(0, index).split('\n').length,
      language,
      text: body,
    }),
  );
}

/** All blocks of one language, on all pages. */
export function blocksIn(...languages: readonly string[]): readonly Block[] {
  return pages.flatMap(blocksOf).filter(({ language }) => languages.includes(language));
}

/** The block of a language under a heading of a page. */
export function blockUnder(page: string, heading: string, language: string): string {
  const [, section = ''] = readPage(page).split(new RegExp(`^#+ ${heading}$`, 'm'));
  const found = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'm').exec(
    section.split(/^#{1,6} /m)[0] ?? '',
  )?.[1];
  if (found === undefined) throw new Error(`${page} has no block of ${language} under "${heading}"`);
  return found;
}

/** The anchors of a page's headings, as GitHub generates them. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const prose = readPage(page).replaceAll(/^```[^]*?^```$/gm, '');
  const anchors = new Set<string>();
  for (const [, heading = ''] of prose.matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    anchors.add(plain.replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'));
  }
  return anchors;
}
