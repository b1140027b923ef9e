import { clip } from '../protocol/clip.ts';
import { momentForms, parseMoment } from './moments.ts';
import { splitTerms, type Term, type TermPart } from './search-terms.ts';

/** The keys of searches in deliveries, events and the console, in addition to `since` and `until`. */
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

/** The value of an item for a key. If there are several values, one of them must match. */
export type SearchValue = string | number | readonly string[] | undefined;

/** An item to search. Its fields are getters, so that only the needed ones are read. */
export interface SearchItem {
  readonly fields: Readonly<Record<string, SearchValue>>;
  /** The whole text, for words without a key. */
  readonly text: () => string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/** A parsed search. */
export interface Search {
  matches(item: SearchItem): boolean;
}

/** Why a search is not valid, and what is accepted. */
export interface SearchFault {
  readonly message: string;
}

/** A condition. The text of the item must be in lower case. */
type Condition = (item: SearchItem) => boolean;

/** The longest search, in characters. */
const longestSearch = 1000;

/** The most words in a search, because each may require a check of every record. */
const maxTerms = 16;

/** Whether a search is not valid. */
export function isSearchFault(search: Search | SearchFault): search is SearchFault {
  return 'message' in search;
}

/**
 * Parses a search: words that must all match. A word is `key:value`, where `*` matches any text, numbers can be compared
 * (`>3`, `<=3`), and `5xx` matches a class of statuses. `-` before a word negates it. Text in quotes is literal. A word
 * without a key matches anywhere in the text. Case is ignored.
 */
export function parseSearch(text: string, knownKeys: readonly string[], nowMs: number): Search | SearchFault {
  if (text.length > longestSearch) {
    return { message: `the search has ${text.length} characters; at most ${longestSearch} are accepted` };
  }
  const terms = splitTerms(text);
  if ('message' in terms) return terms;
  if (terms.length > maxTerms) {
    return { message: `the search has ${terms.length} words; at most ${maxTerms} are accepted` };
  }
  const conditions: Condition[] = [];
  for (const term of terms) {
    const condition = conditionOf(term, knownKeys, nowMs);
    if ('message' in condition) return condition;
    conditions.push(term.isNegated ? (item) => !condition(item) : condition);
  }
  return {
    matches(item) {
      // A long text is created only once for all words.
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
      message: `unknown search key '${clip(key, 40)}'; accepted keys are ${[...new Set([...knownKeys, 'since', 'until'])].join(', ')}. Put quotes around a word that contains a colon`,
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

/** A comparison with a number or a class of statuses, or undefined if the word is neither. */
function numberCondition(key: string, word: string): Condition | SearchFault | undefined {
  const comparison = /^(>=|<=|>|<)(.*)$/s.exec(word);
  if (comparison !== null) {
    const [, sign = '', digits = ''] = comparison;
    const bound = digits === '' ? NaN : Number(digits);
    if (Number.isNaN(bound)) {
      return { message: `${key}: expected a number after ${sign}, got '${clip(digits, 40)}'` };
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

/** The pieces between the wildcards. In quotes there are no wildcards. */
function piecesOf(parts: readonly TermPart[]): readonly string[] {
  const pieces = [''];
  for (const { text, isQuoted } of parts) {
    const [first = '', ...rest] = isQuoted ? [text] : text.split('*');
    pieces.push((pieces.pop() ?? '') + first, ...rest);
  }
  return pieces.map((piece) => piece.toLowerCase());
}

/** Whether a text consists of these pieces, with any text between them. */
function isMadeOf(text: string, pieces: readonly string[]): boolean {
  const [first = '', ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  return holdsInOrder(text.slice(first.length, text.length - last.length), rest);
}

/** Whether a text contains these pieces in order. */
function holdsInOrder(text: string, pieces: readonly string[]): boolean {
  let from = 0;
  for (const piece of pieces) {
    const at = text.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return true;
}
