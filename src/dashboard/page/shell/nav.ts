import { computed } from '@preact/signals';
import type { IconName } from '../components/icon.tsx';
import { route, routeApp } from '../router.ts';
import { apps, self } from '../session.ts';

/** A page in the sidebar. */
export interface NavItem {
  readonly title: string;
  readonly icon: IconName;
  /** The key to press after `g`. */
  readonly shortcut: string;
  /** Its path, below the path of the app. */
  readonly path: readonly string[];
  /** Whether it can show all apps together. */
  readonly isGlobal?: boolean;
  readonly group?: 'Webhooks';
}

const items: readonly NavItem[] = [
  { title: 'Overview', icon: 'overview', shortcut: 'o', path: ['overview'], isGlobal: true },
  { title: 'Debug console', icon: 'console', shortcut: 'd', path: ['console'], isGlobal: true },
  { title: 'Channels', icon: 'channels', shortcut: 'c', path: ['channels'] },
  {
    title: 'Endpoints',
    icon: 'endpoints',
    shortcut: 'e',
    path: ['webhooks', 'endpoints'],
    group: 'Webhooks',
  },
  {
    title: 'Deliveries',
    icon: 'deliveries',
    shortcut: 'w',
    path: ['webhooks', 'deliveries'],
    group: 'Webhooks',
  },
  { title: 'Dropped', icon: 'dropped', shortcut: 'x', path: ['webhooks', 'dropped'], group: 'Webhooks' },
  {
    title: 'Verify a signature',
    icon: 'verify',
    shortcut: 'v',
    path: ['webhooks', 'verify'],
    group: 'Webhooks',
  },
  { title: 'Events and why', icon: 'help', shortcut: 'y', path: ['events'] },
  { title: 'Truth', icon: 'truth', shortcut: 't', path: ['truth'] },
  { title: 'Settings', icon: 'settings', shortcut: 's', path: ['settings'] },
];
const clockItem: NavItem = {
  title: 'Clock and faults',
  icon: 'clock',
  shortcut: 'k',
  path: ['clock'],
  isGlobal: true,
};

/** The pages of this server. Clock and faults exists only if a test controls the server. */
export const navItems = computed(() => (self.value?.clock === undefined ? items : [...items, clockItem]));

let lastApp: string | undefined;

/** The app that links use: the one of the route, otherwise the previous one, otherwise the first. */
export const linkedApp = computed(() => {
  if (routeApp.value !== undefined) lastApp = routeApp.value;
  const isKnown = apps.value.some(({ id }) => id === lastApp);
  return isKnown ? lastApp : apps.value[0]?.id;
});

/** The path of an item. */
export function pathOf(item: NavItem): readonly string[] {
  const isAboutAll = routeApp.value === undefined && route.value.path.length > 0;
  if (linkedApp.value === undefined || (item.isGlobal === true && isAboutAll)) return item.path;
  return ['apps', linkedApp.value, ...item.path];
}

/** The path of the current page below the app, without `apps` and the id. */
export const pagePath = computed(() =>
  routeApp.value === undefined ? route.value.path : route.value.path.slice(2),
);

/** Whether the current page is the page of this item. */
export function isCurrent(item: NavItem): boolean {
  return item.path.every((part, index) => pagePath.value[index] === part);
}
