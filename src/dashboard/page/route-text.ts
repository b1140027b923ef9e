/** What the page shows. It is kept in the fragment of the URL, so that it works behind any path and can be shared. */
export interface Route {
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

/** Parameters of the fragment. Undefined ones are left out. */
export type Query = Readonly<Record<string, string | undefined>>;

/** Parses a fragment such as `#/apps/1/webhooks/deliveries?q=status%3A5xx`. */
export function parseRoute(fragment: string): Route {
  const [path = '', query = ''] = splitOnce(fragment.replace(/^#/, ''), '?');
  return {
    path: path.split('/').filter(Boolean).map(decode),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** Writes a fragment: the counterpart of `parseRoute`. */
export function href(path: readonly string[], query: Query = {}): string {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(query))
    if (value !== undefined && value !== '') given.set(key, value);
  const text = given.toString();
  return `#/${path.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`;
}

function splitOnce(text: string, mark: string): readonly string[] {
  const at = text.indexOf(mark);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** Decodes a part of a fragment. A text that is not encoded stays as it is. */
export function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
