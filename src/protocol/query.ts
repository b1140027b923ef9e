/** The parameters of a query string, decoded, in the order received. */
export type Query = readonly (readonly [key: string, value: string])[];

/**
 * Parses a raw query string. Percent escapes are decoded; malformed ones stay as they are. `+` means a space only if
 * `plusIsSpace` is set, because most server libraries use it as a literal character. Empty parts, as in `&a=1&&b=2&`, are
 * skipped.
 */
export function parseQuery(raw: string, plusIsSpace = false): Query {
  const text = plusIsSpace ? raw.replaceAll('+', ' ') : raw;
  const unescape = text.includes('%') ? unescapePercent : (part: string) => part;
  const query: [key: string, value: string][] = [];
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    query.push(
      equals < 0 ? [unescape(pair), ''] : [unescape(pair.slice(0, equals)), unescape(pair.slice(equals + 1))],
    );
  }
  return query;
}

/** The first value of a parameter. */
export function queryValue(query: Query, key: string): string | undefined {
  for (const parameter of query) if (parameter[0] === key) return parameter[1];
  return undefined;
}

/** Decodes percent escapes. A text with malformed ones stays unchanged. */
export function unescapePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
