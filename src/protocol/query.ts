/** The parameters of a query string, decoded, in the order in which they came. */
export type Query = readonly (readonly [key: string, value: string])[];

/**
 * Reads a raw query string. Percent escapes are decoded (those that are malformed stay as they are); `+` is
 * a space only if asked, because most server libraries mean the character.
 */
export function parseQuery(raw: string, plusIsSpace = false): Query {
  if (raw === '') return [];
  const text = plusIsSpace ? raw.replaceAll('+', ' ') : raw;
  const unescape = text.includes('%') ? unescapePercent : (part: string) => part;
  return text.split('&').map((pair) => {
    const equals = pair.indexOf('=');
    return equals < 0
      ? [unescape(pair), '']
      : [unescape(pair.slice(0, equals)), unescape(pair.slice(equals + 1))];
  });
}

/** The first value of a parameter. */
export function queryValue(query: Query, key: string): string | undefined {
  for (const parameter of query) if (parameter[0] === key) return parameter[1];
  return undefined;
}

/** Decodes percent escapes; a text with malformed ones stays as it is. */
export function unescapePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
