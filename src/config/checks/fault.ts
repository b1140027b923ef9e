/** One thing that is wrong with the configuration. */
export interface ConfigFault {
  /** Where: `apps[0].webhooks[1].url`, or the file, variable or option that the value came from. */
  readonly path: string;
  /** What is wrong, what was got, what is accepted. Never the value of a secret or of a header. */
  readonly message: string;
}

/** A path by its keys, as zod gives it. */
export type Path = readonly PropertyKey[];

const longestQuote = 60;

/** A path as one would write it in JavaScript. */
export function formatPath(path: Path): string {
  let formatted = '';
  for (const key of path) {
    if (typeof key === 'number') formatted += `[${key}]`;
    else if (typeof key === 'string' && /^[A-Za-z_$][\w$]*$/.test(key) && key.length <= longestQuote) {
      formatted += formatted === '' ? key : `.${key}`;
    } else formatted += `[${quote(String(key))}]`;
  }
  return formatted;
}

/** A text from outside in double quotes, shortened, and harmless to a terminal. */
export function quote(text: string): string {
  return quoteWhole(text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text);
}

/** The same for what must not be shortened. */
export function quoteWhole(text: string): string {
  return JSON.stringify(text).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** What was got at a path: its value, but only its kind where the value may be a secret. */
export function describeValue(value: unknown, path: Path): string {
  if (value === null) return 'null';
  if (value === '') return 'an empty string';
  if (typeof value === 'string') return mayBeSecret(value, path) ? 'a string (not shown)' : quote(value);
  if (typeof value === 'number' || typeof value === 'boolean') {
    return mayBeSecret('', path) ? `a ${typeof value}` : String(value);
  }
  return describeKind(value);
}

/** The kind of a value alone. */
export function describeKind(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

const secretKeys: ReadonlySet<PropertyKey | undefined> = new Set([
  'secret',
  'passphrase',
  'token',
  'viewToken',
]);

function mayBeSecret(value: string, path: Path): boolean {
  const key = path.at(-1);
  if (secretKeys.has(key) || path.includes('headers')) return true;
  // The user name, password, query and fragment of a URL.
  return (key === 'url' || path[0] === 'redis') && /[@?#]/.test(value);
}
