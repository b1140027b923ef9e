import { kindOf } from '../../protocol/json-value.ts';

/** One fault of the configuration. */
export interface ConfigFault {
  /** The path, such as `apps[0].webhooks[1].url`, or the file, variable or option with the value. */
  readonly path: string;
  /** States what is wrong, what was got and what is accepted. It never contains the value of a secret or a header. */
  readonly message: string;
}

/** A path as a list of keys, from the outermost to the innermost. */
export type Path = readonly PropertyKey[];

const longestQuote = 60;

/** Formats a path as in JavaScript. */
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

/** Puts an untrusted text in double quotes, shortened and safe for a terminal. */
export function quote(text: string): string {
  return quoteWhole(text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text);
}

/** The same without shortening. */
export function quoteWhole(text: string): string {
  return JSON.stringify(text).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** Describes the value at a path; if it may be a secret, only its kind. */
export function describeValue(value: unknown, path: Path): string {
  if (typeof value === 'string' && value !== '')
    return mayBeSecret(value, path) ? 'a string (not shown)' : quote(value);
  if (typeof value === 'number' || typeof value === 'boolean') {
    return mayBeSecret('', path) ? `a ${typeof value}` : String(value);
  }
  return kindOf(value);
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
