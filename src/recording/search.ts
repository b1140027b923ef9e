import { clip } from '../protocol/clip.ts';
import { momentForms, parseMoment } from './moments.ts';
import { splitTerms, type Term, type TermPart } from './search-terms.ts';

/** The keys that may be searched for in deliveries, events and the console; `since` and `until` always may. */
export const searchKeys = [
  'channel',
  'user',
  'event',
  'endpoint',
  'url',
  'status',
  'result',
  'reason',
  'attempts',
  'id',
  'socket',
  'type',
] as const;

/** What an item has under a key. Of several values one has to match. */
export type SearchValue = string | number | readonly string[] | undefined;

/** Something that is searched. What is not asked for is not read. */
export interface SearchItem {
  readonly fields: Readonly<Record<string, SearchValue>>;
  /** All of its text, for words without a key. */
  readonly text: () => string;
  /** Time of day. */
  readonly atMs: number;
}

/** A search that was understood. */
export interface Search {
  matches(item: SearchItem): boolean;
}

/** Why a search was not understood, and what is. */
export interface SearchFault {
  readonly message: string;
}

/** The text that it is given is in lower case. */
type Condition = (item: SearchItem) => boolean;

/** The longest search, in characters. */
const longestSearch = 1000;

/** The most words of a search: each may cost a look at every record. */
const mostTerms = 16;

/** Whether a search was not understood. */
export function isSearchFault(search: Search | SearchFault): search is SearchFault {
  return 'message' in search;
}

/**
 * Reads a search: words that must all match. `key:value` with `*` for any characters, of numbers also `>3` or `<=3`, of a
 * status also `5xx`; `-` before a word has it not match; quotes take what is between them as it is. A word without a
 * key is found in any text. Upper and lower case are the same.
 */
export function parseSearch(text: string, knownKeys: readonly string[], nowMs: number): Search | SearchFault {
  if (text.length > longestSearch) {
    return { message: `the search has ${text.length} characters; at most ${longestSearch} are accepted` };
  }
  const terms = splitTerms(text);
  if ('message' in terms) return terms;
  if (terms.length > mostTerms) {
    return { message: `the search has ${terms.length} words; at most ${mostTerms} are accepted` };
  }
  const conditions: Condition[] = [];
  for (const term of terms) {
    const condition = conditionOf(term, knownKeys, nowMs);
    if ('message' in condition) return condition;
    conditions.push(term.isNegated ? (item) => !condition(item) : condition);
  }
  return {
    matches(item) {
      // A long text is made and read once, however many words are looked for in it.
      let lower: string | undefined;
      const { fields, atMs } = item;
      const read = { fields, atMs, text: () => (lower ??= item.text().toLowerCase()) };
      return conditions.every((condition) => condition(read));
    },
  };
}

function conditionOf(
  { key, parts }: Term,
  knownKeys: readonly string[],
  nowMs: number,
): Condition | SearchFault {
  if (key === undefined) {
    const pieces = piecesOf(parts);
    return ({ text }) => holdsInOrder(text(), pieces);
  }
  if (key === 'since' || key === 'until') return momentCondition(key, wordOf(parts), nowMs);
  if (!knownKeys.includes(key)) {
    return {
      message: `there is no key '${clip(key, 40)}' to search for: accepted are ${[...new Set([...knownKeys, 'since', 'until'])].join(', ')}. Put quotes around words that have a colon`,
    };
  }
  const isPlain = parts.every(({ isQuoted }) => !isQuoted);
  return (isPlain ? numberCondition(key, wordOf(parts)) : undefined) ?? textCondition(key, parts);
}

function momentCondition(key: 'since' | 'until', word: string, nowMs: number): Condition | SearchFault {
  const moment = parseMoment(word, nowMs);
  if (moment === undefined) {
    return { message: `${key}: expected ${momentForms}, got '${clip(word, 40)}'` };
  }
  return key === 'since' ? ({ atMs }) => atMs >= moment : ({ atMs }) => atMs <= moment;
}

/** A comparison with a number or a class of statuses; undefined: the word is neither. */
function numberCondition(key: string, word: string): Condition | SearchFault | undefined {
  const comparison = /^(>=|<=|>|<)(.*)$/s.exec(word);
  if (comparison !== null) {
    const [, sign = '', digits = ''] = comparison;
    const bound = digits === '' ? NaN : Number(digits);
    if (Number.isNaN(bound)) {
      return { message: `${key}: expected a number behind ${sign}, got '${clip(digits, 40)}'` };
    }
    return ({ fields }) => numbersOf(fields[key]).some((value) => compares(value, sign, bound));
  }
  const statusClass = key === 'status' ? /^([1-5])xx$/i.exec(word) : null;
  if (statusClass === null) return undefined;
  const hundred = Number(statusClass[1]);
  return ({ fields }) => numbersOf(fields[key]).some((value) => Math.floor(value / 100) === hundred);
}

function textCondition(key: string, parts: readonly TermPart[]): Condition {
  const pieces = piecesOf(parts);
  return ({ fields }) => textsOf(fields[key]).some((value) => isMadeOf(value.toLowerCase(), pieces));
}

function compares(value: number, sign: string, bound: number): boolean {
  switch (sign) {
    case '>':
      return value > bound;
    case '<':
      return value < bound;
    case '>=':
      return value >= bound;
    default:
      return value <= bound;
  }
}

function textsOf(value: SearchValue): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'object' ? value : [String(value)];
}

function numbersOf(value: SearchValue): readonly number[] {
  return textsOf(value)
    .filter((text) => text !== '')
    .map(Number)
    .filter((number) => !Number.isNaN(number));
}

function wordOf(parts: readonly TermPart[]): string {
  return parts.map(({ text }) => text).join('');
}

/** What is between the wildcards. In quotes there are none. */
function piecesOf(parts: readonly TermPart[]): readonly string[] {
  const pieces = [''];
  for (const { text, isQuoted } of parts) {
    const [first = '', ...rest] = isQuoted ? [text] : text.split('*');
    pieces.push((pieces.pop() ?? '') + first, ...rest);
  }
  return pieces.map((piece) => piece.toLowerCase());
}

/** Whether a text consists of these pieces, with anything between them. */
function isMadeOf(text: string, pieces: readonly string[]): boolean {
  const [first = '', ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  return holdsInOrder(text.slice(first.length, text.length - last.length), rest);
}

/** Whether a text has these pieces one behind the other. */
function holdsInOrder(text: string, pieces: readonly string[]): boolean {
  let from = 0;
  for (const piece of pieces) {
    const at = text.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return true;
}
