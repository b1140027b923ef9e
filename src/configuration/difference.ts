import { isDeepStrictEqual } from 'node:util';
import type { AppConfig } from '../config/schema/schema.ts';

/** The difference between two lists of apps: ids of apps, and of endpoints as `app/endpoint`. It contains no secrets. */
export interface Difference {
  readonly appsAdded: readonly string[];
  readonly appsRemoved: readonly string[];
  /** Apps that differ, not counting their endpoints. */
  readonly appsChanged: readonly string[];
  readonly endpointsAdded: readonly string[];
  readonly endpointsRemoved: readonly string[];
  readonly endpointsChanged: readonly string[];
}

/** Compares two lists of apps. The order of apps and endpoints does not matter. */
export function differenceOf(before: readonly AppConfig[], after: readonly AppConfig[]): Difference {
  const apps = compare(appsOf(before), appsOf(after));
  const endpoints = compare(endpointsOf(before), endpointsOf(after));
  return {
    appsAdded: apps.added,
    appsRemoved: apps.removed,
    appsChanged: apps.changed,
    endpointsAdded: endpoints.added,
    endpointsRemoved: endpoints.removed,
    endpointsChanged: endpoints.changed,
  };
}

type Named = ReadonlyMap<string, unknown>;

function appsOf(apps: readonly AppConfig[]): Named {
  return new Map(apps.map((app) => [app.id, { ...app, webhooks: undefined }]));
}

function endpointsOf(apps: readonly AppConfig[]): Named {
  return new Map(
    apps.flatMap(({ id, webhooks }) => webhooks.map((webhook) => [`${id}/${webhook.id}`, webhook] as const)),
  );
}

function compare(before: Named, after: Named) {
  const names = [...after.keys()];
  return {
    added: names.filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
    changed: names.filter(
      (name) => before.has(name) && !isDeepStrictEqual(before.get(name), after.get(name)),
    ),
  };
}
