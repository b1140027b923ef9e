/**
 * Finds values in JSON text. Forwarded values are cut out of the received text, because `JSON.parse` and `JSON.stringify`
 * would change the digits of numbers and the keys of objects. All texts passed to this module must be accepted by
 * `JSON.parse`. A search takes one pass over the text, however deeply it is nested.
 */

const quote = 0x22;
const comma = 0x2c;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * The text of the value of `JSON.parse(json)[key]`, without surrounding white space; of duplicate keys the last one counts.
 * `json` is the text of an object. Returns undefined if the object has no such key.
 */
export function memberSource(json: string, key: string): string | undefined {
  return sourceIn(json, skipSpace(json, 0), key).source;
}

/**
 * The same for the member `key` of each element of the array `JSON.parse(json)[arrayKey]`; undefined for an element that has
 * no such member or is not an object.
 */
export function memberSources(json: string, arrayKey: string, key: string): (string | undefined)[] {
  let sources: (string | undefined)[] = [];
  walkObject(json, skipSpace(json, 0), arrayKey, (start) => {
    sources = [];
    if (json.charCodeAt(start) !== openBracket) return endOfValue(json, start);
    let at = skipSpace(json, start + 1);
    while (at < json.length && json.charCodeAt(at) !== closeBracket) {
      const isObject = json.charCodeAt(at) === openBrace;
      const { source, end } = isObject
        ? sourceIn(json, at, key)
        : { source: undefined, end: endOfValue(json, at) };
      sources.push(source);
      at = nextAt(json, end);
    }
    return at + 1;
  });
  return sources;
}

/** Copies a part of another text. Without the copy, the part would keep the whole text in memory. */
export function copyOf(part: string): string {
  return ` ${part}`.slice(1);
}

/** The text of a member of the object that starts at `start`, and the position where the object ends. */
function sourceIn(json: string, start: number, key: string): { source: string | undefined; end: number } {
  let source: string | undefined;
  const end = walkObject(json, start, key, (valueAt) => {
    const valueEnd = endOfValue(json, valueAt);
    source = copyOf(json.slice(valueAt, valueEnd));
    return valueEnd;
  });
  return { source, end };
}

/**
 * Walks over the members of the object that starts at `start`, and returns where it ends. For each member with this key,
 * `found` is called with the position of the value, and returns where the value ends.
 */
function walkObject(json: string, start: number, key: string, found: (start: number) => number): number {
  let at = skipSpace(json, start + 1);
  while (json.charCodeAt(at) === quote) {
    const keyEnd = endOfString(json, at + 1);
    const valueAt = skipSpace(json, skipSpace(json, keyEnd) + 1);
    at = nextAt(json, isKey(json, at, keyEnd, key) ? found(valueAt) : endOfValue(json, valueAt));
  }
  return at + 1;
}

/** Whether the key at this position equals `key`; it may be written with escapes. */
function isKey(json: string, start: number, end: number, key: string): boolean {
  for (let index = 0; index < key.length; index += 1) {
    const code = json.charCodeAt(start + 1 + index);
    if (code === backslash) return JSON.parse(json.slice(start, end)) === key;
    if (code !== key.charCodeAt(index)) return false;
  }
  return end - start === key.length + 2;
}

/** Moves past a value: to the next member or element, or to the closing bracket. */
function nextAt(json: string, end: number): number {
  const at = skipSpace(json, end);
  return json.charCodeAt(at) === comma ? skipSpace(json, at + 1) : at;
}

function skipSpace(json: string, from: number): number {
  let at = from;
  while (isSpace(json.charCodeAt(at))) at += 1;
  return at;
}

/** Outside of strings, JSON accepts no other control characters. */
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

/** `start` is just after the opening quotation mark, the result just after the closing one. */
function endOfString(json: string, start: number): number {
  // For short texts this loop is faster than indexOf.
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

/** Whether an odd number of backslashes precedes this position. */
function isEscaped(json: string, at: number): boolean {
  let before = at - 1;
  while (json.charCodeAt(before) === backslash) before -= 1;
  return (at - before) % 2 === 0;
}
