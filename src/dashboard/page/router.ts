import { computed, signal } from '@preact/signals';
import { href, parseRoute, type Query, type Route } from './route-text.ts';

export { href };

const current = signal<Route>(parseRoute(location.hash));

/** The route that the page shows. */
export const route = computed(() => current.value);

/** The app that the route names. It is undefined on pages about all apps. */
export const routeApp = computed(() => (route.value.path[0] === 'apps' ? route.value.path[1] : undefined));

/** Navigates to a route and adds an entry to the history. */
export function go(path: readonly string[], query: Query = {}): void {
  location.hash = href(path, query);
}

/** Replaces the route without adding an entry to the history. */
export function replace(path: readonly string[], query: Query = {}): void {
  history.replaceState(null, '', href(path, query));
  current.value = parseRoute(location.hash);
}

/** Changes parts of the current query: a search, a filter, a selection. */
export function setQuery(changes: Query): void {
  const { path, query } = current.value;
  replace(path, { ...query, ...changes });
}

/** The current address with parts of its query changed. */
export function hrefWith(changes: Query): string {
  const { path, query } = route.value;
  return href(path, { ...query, ...changes });
}

/** Starts to follow the address bar. */
export function followAddress(): void {
  addEventListener('hashchange', () => {
    current.value = parseRoute(location.hash);
  });
  current.value = parseRoute(location.hash);
}
