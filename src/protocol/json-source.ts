/**
 * Finds values in the text of JSON. What is passed on is cut out of the text that came: numbers keep their digits, and
 * objects their keys, which `JSON.parse` and `JSON.stringify` would change. All texts here are such that `JSON.parse`
 * accepts them. Every search takes one pass over the text, however deeply it is nested.
 */

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * The text of the value that `JSON.parse(json)[key]` is, without the white space around it; of equal keys it is the last one's.
 * `json` is the text of an object. Undefined when the object has no such key.
 */
export function memberSource(json: string, key: string): string | undefined {
  let start = -1;
  let end = -1;
  let at = skipSpace(json, skipSpace(json, 0) + 1);
  while (json.charCodeAt(at) === quote) {
    const keyEnd = endOfString(json, at + 1);
    const valueAt = skipSpace(json, skipSpace(json, keyEnd) + 1);
    const valueEnd = endOfValue(json, valueAt);
    if (isKey(json, at, keyEnd, key)) {
      start = valueAt;
      end = valueEnd;
    }
    at = nextAt(json, valueEnd);
  }
  return start < 0 ? undefined : cut(json, start, end);
}

/** The texts of the elements of an array, each without the white space around it. `json` is the text of an array. */
export function elementSources(json: string): string[] {
  const sources: string[] = [];
  let at = skipSpace(json, skipSpace(json, 0) + 1);
  if (json.charCodeAt(at) === closeBracket) return sources;
  while (at < json.length) {
    const end = endOfValue(json, at);
    sources.push(json.slice(at, end));
    at = nextAt(json, end);
  }
  return sources;
}

/** Whether this is the text of the key, which may be written with escapes. */
function isKey(json: string, start: number, end: number, key: string): boolean {
  if (end - start < key.length + 2) return false;
  for (let index = 0; index < key.length; index += 1) {
    const code = json.charCodeAt(start + 1 + index);
    if (code === backslash) return JSON.parse(json.slice(start, end)) === key;
    if (code !== key.charCodeAt(index)) return false;
  }
  return end - start === key.length + 2;
}

/** Where the next member or element begins behind the value that ends here; the end of the text when there is none. */
function nextAt(json: string, end: number): number {
  const at = skipSpace(json, end);
  return json.charCodeAt(at) === comma ? skipSpace(json, at + 1) : json.length;
}

function skipSpace(json: string, from: number): number {
  let at = from;
  while (isSpace(json.charCodeAt(at))) at += 1;
  return at;
}

/** Outside of strings no other control characters are accepted. */
function isSpace(code: number): boolean {
  return code <= 0x20;
}

function endOfValue(json: string, start: number): number {
  const code = json.charCodeAt(start);
  if (code === quote) return endOfString(json, start + 1);
  if (code === openBrace || code === openBracket) return endOfContainer(json, start);
  let at = start;
  while (at < json.length && !isBehindWord(json.charCodeAt(at))) at += 1;
  return at;
}

/** Whether a number, true, false or null ends before this character. */
function isBehindWord(code: number): boolean {
  return code === comma || code === closeBrace || code === closeBracket || isSpace(code);
}

function endOfContainer(json: string, start: number): number {
  const { length } = json;
  let depth = 0;
  let at = start;
  while (at < length) {
    const code = json.charCodeAt(at);
    at += 1;
    if (code === quote) at = endOfString(json, at);
    else if (code === openBrace || code === openBracket) depth += 1;
    else if (code === closeBrace || code === closeBracket) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return length;
}

/** `start` is behind the opening quotation mark, the answer behind the closing one. */
function endOfString(json: string, start: number): number {
  // For short texts this is faster than the search.
  const near = Math.min(start + 16, json.length);
  let at = start;
  while (at < near) {
    const code = json.charCodeAt(at);
    if (code === quote) return at + 1;
    at += code === backslash ? 2 : 1;
  }
  do at = json.indexOf('"', at) + 1;
  while (at > 0 && isEscaped(json, at - 1));
  return at > 0 ? at : json.length;
}

/** Whether an odd number of backslashes stands before. */
function isEscaped(json: string, at: number): boolean {
  let before = at - 1;
  while (json.charCodeAt(before) === backslash) before -= 1;
  return (at - before) % 2 === 0;
}

/** What `slice` answers keeps the whole text in memory for as long as the part lives; this keeps the part alone. */
function cut(json: string, start: number, end: number): string {
  return ` ${json.slice(start, end)}`.slice(1);
}
