import { computed, signal } from '@preact/signals';

/** Where the page is: all of it stands in the fragment of the URL, so that it works behind any path and can be shared. */
export interface Route {
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

/** The part of the URL that a link changes; what is undefined is left out. */
export type Query = Readonly<Record<string, string | undefined>>;

/** Reads a fragment such as `#/apps/1/webhooks/deliveries?q=status%3A5xx`. */
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

const current = signal<Route>(parseRoute(location.hash));

/** The route that the page shows. */
export const route = computed(() => current.value);

/** The app that the route names; undefined on pages that are about all of them. */
export const routeApp = computed(() => (route.value.path[0] === 'apps' ? route.value.path[1] : undefined));

/** Goes somewhere, with an entry in the history. */
export function go(path: readonly string[], query: Query = {}): void {
  location.hash = href(path, query);
}

/** Replaces the route without an entry in the history. */
export function replace(path: readonly string[], query: Query = {}): void {
  history.replaceState(null, '', href(path, query));
  current.value = parseRoute(location.hash);
}

/** Changes parts of the query of the page that is shown: a search, a filter, a selection. */
export function setQuery(changes: Query): void {
  const { path, query } = current.value;
  replace(path, { ...query, ...changes });
}

/** The address of the page that is shown, with parts of its query changed. */
export function hrefWith(changes: Query): string {
  const { path, query } = route.value;
  return href(path, { ...query, ...changes });
}

/** Follows the address bar from now on. */
export function followAddress(): void {
  addEventListener('hashchange', () => {
    current.value = parseRoute(location.hash);
  });
  current.value = parseRoute(location.hash);
}

function splitOnce(text: string, mark: string): readonly string[] {
  const at = text.indexOf(mark);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
