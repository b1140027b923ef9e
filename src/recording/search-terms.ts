/** A part of a term. In quotes every character is literal. */
export interface TermPart {
  readonly text: string;
  readonly isQuoted: boolean;
}

/** A term of a search. */
export interface Term {
  readonly isNegated: boolean;
  /** Lower case. */
  readonly key: string | undefined;
  readonly parts: readonly TermPart[];
}

/** Quotes a text, so that a search takes it literally. */
export function quoteTerm(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** The most terms in a search. */
const maxTerms = 50;

const isSpace = (character: string | undefined): boolean => character !== undefined && /\s/.test(character);

/** Splits a search into its terms, or returns what is wrong with it. */
export function splitTerms(text: string): readonly Term[] | { readonly message: string } {
  const terms: Term[] = [];
  let at = 0;
  while (at < text.length) {
    if (isSpace(text[at])) {
      at += 1;
      continue;
    }
    const word = readWord(text, at);
    if (word === undefined) {
      return { message: `a quote is not closed: ${text.slice(at, at + 40)}` };
    }
    at = word.end;
    const term = termOf(word.parts);
    if (term === undefined) continue;
    if (terms.length === maxTerms) return { message: `at most ${maxTerms} words are accepted` };
    terms.push(term);
  }
  return terms;
}

/** The parts of the word that begins here, and its end. Undefined if a quote in it is not closed. */
function readWord(
  text: string,
  begin: number,
): { readonly parts: readonly TermPart[]; readonly end: number } | undefined {
  const parts: TermPart[] = [];
  let end = begin;
  while (end < text.length && !isSpace(text[end])) {
    const part = text[end] === '"' ? readQuoted(text, end + 1) : readPlain(text, end);
    if (part === undefined) return undefined;
    parts.push(part);
    end = part.end;
  }
  return { parts, end };
}

type Read = TermPart & { readonly end: number };

function readPlain(text: string, begin: number): Read {
  let end = begin;
  while (end < text.length && text[end] !== '"' && !isSpace(text[end])) end += 1;
  return { text: text.slice(begin, end), isQuoted: false, end };
}

function readQuoted(text: string, begin: number): Read | undefined {
  let read = '';
  for (let at = begin; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === '"') return { text: read, isQuoted: true, end: at + 1 };
    const next = text[at + 1];
    const isEscape = character === '\\' && (next === '"' || next === '\\');
    if (isEscape) at += 1;
    read += isEscape ? next : character;
  }
  return undefined;
}

/** The term of a word, or undefined if the word is empty. */
function termOf(parts: readonly TermPart[]): Term | undefined {
  const [first, ...rest] = parts;
  if (first === undefined) return undefined;
  const isNegated =
    !first.isQuoted && first.text.startsWith('-') && (first.text.length > 1 || rest.length > 0);
  const text = isNegated ? first.text.slice(1) : first.text;
  const colon = first.isQuoted ? -1 : text.indexOf(':');
  if (colon > 0) {
    const value = { text: text.slice(colon + 1), isQuoted: false };
    return {
      isNegated,
      key: text.slice(0, colon).toLowerCase(),
      parts: value.text === '' && rest.length > 0 ? rest : [value, ...rest],
    };
  }
  return { isNegated, key: undefined, parts: [{ ...first, text }, ...rest] };
}
