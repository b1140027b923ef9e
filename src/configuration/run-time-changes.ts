import type { AppConfig, EndpointConfig, Hold, Pause } from '../config/schema/schema.ts';

/** An endpoint that was added to an app at run time. */
export interface AddedEndpoint {
  readonly appId: string;
  readonly endpoint: EndpointConfig;
}

/** A paused endpoint, whether the file sets it or not. */
export interface PausedEndpoint {
  readonly appId: string;
  readonly endpointId: string;
  readonly pause: Pause;
  /**
   * When the hold ended, in milliseconds since 1970. An ended hold is kept, because a process that starts soon after must not
   * count it in the age of the events that it takes over. Absent while the pause lasts.
   */
  readonly endedMs?: number;
  /** The holds before one that lasts, as one: events may have waited through all of them. */
  readonly earlier?: Hold;
}

/** The changes at run time, on top of the file. They stay when the file is reloaded. */
export interface RunTimeChanges {
  /**
   * The added apps, without endpoints. An added app is not served while an app of the file has its id or one of its keys.
   */
  readonly added: readonly AppConfig[];
  /** The ids of apps of the file that were removed at run time. */
  readonly removed: readonly string[];
  /**
   * The added endpoints, of apps of the file and of added apps, in the order of their addition. An added endpoint is not
   * served while an endpoint of the file has its id, or while its app does not exist.
   */
  readonly endpoints: readonly AddedEndpoint[];
  /** The pauses. A pause is an action of an operator, so it does not come from the file and survives its changes. */
  readonly pauses: readonly PausedEndpoint[];
}

/** The rules for changes at run time. */
export interface LayerRules {
  /** Whether endpoints that are added at run time must use HTTPS. */
  readonly isProduction: boolean;
}

/** Why an app or endpoint that was added at run time is not served. */
export type Idleness =
  /** The file has an app with the same id or key, or an endpoint with the same id. */
  | 'set-by-file'
  /** There is no such app at the moment. */
  | 'no-app'
  /** Its URL does not use HTTPS, which is required in production. */
  | 'insecure';

/** An app or endpoint that was added at run time and is not served at the moment. */
export type Idle =
  | { readonly kind: 'app'; readonly appId: string; readonly why: 'set-by-file' }
  | {
      readonly kind: 'endpoint';
      readonly appId: string;
      readonly endpoint: EndpointConfig;
      readonly why: Idleness;
    };

/** No changes at run time. */
export const noChanges: RunTimeChanges = { added: [], removed: [], endpoints: [], pauses: [] };

/**
 * Adds an app and its endpoints, and marks both as set at run time. Existing endpoints for this app id belong to the app from
 * now on, unless the app brings an endpoint with the same id, which replaces it.
 */
export function withApp(changes: RunTimeChanges, app: AppConfig): RunTimeChanges {
  const endpoints = app.webhooks.map((endpoint) => ({
    appId: app.id,
    endpoint: { ...endpoint, isSetAtRunTime: true },
  }));
  const ids = new Set(app.webhooks.map(({ id }) => id));
  const others = changes.endpoints.filter((one) => one.appId !== app.id || !ids.has(one.endpoint.id));
  return {
    ...changes,
    added: [...changes.added, { ...app, webhooks: [], isSetAtRunTime: true }],
    endpoints: [...others, ...endpoints],
  };
}

/** Removes an app with all its changes at run time, whether the file sets it or not. */
export function withoutApp(changes: RunTimeChanges, id: string): RunTimeChanges {
  return {
    added: changes.added.filter((app) => app.id !== id),
    removed: [...changes.removed, id],
    endpoints: changes.endpoints.filter(({ appId }) => appId !== id),
    pauses: changes.pauses.filter(({ appId }) => appId !== id),
  };
}

/** Deletes removals of apps that the file no longer has. If the file has them again later, they count as new. */
export function withoutNeedless(changes: RunTimeChanges, ofFile: readonly AppConfig[]): RunTimeChanges {
  const removed = changes.removed.filter((removedId) => ofFile.some(({ id }) => id === removedId));
  return { ...changes, removed };
}

/** The apps and endpoints to serve. */
export function layOver(
  ofFile: readonly AppConfig[],
  changes: RunTimeChanges,
  rules: LayerRules,
): readonly AppConfig[] {
  const { apps } = layApps(ofFile, changes);
  const added = byApp(changes.endpoints);
  const pauses = byApp(changes.pauses);
  return apps.map((app) => {
    const own = app.webhooks;
    const further = (added.get(app.id) ?? [])
      .filter(({ endpoint }) => idlenessOf(endpoint, app, rules) === undefined)
      .map(({ endpoint }) => endpoint);
    const paused = pauses.get(app.id) ?? [];
    if (further.length === 0 && paused.length === 0) return app;
    return { ...app, webhooks: [...own, ...further].map((endpoint) => withPause(endpoint, paused)) };
  });
}

/** Apps and endpoints that were added at run time and must not be served at the moment. */
export function idleOf(
  ofFile: readonly AppConfig[],
  changes: RunTimeChanges,
  rules: LayerRules,
): readonly Idle[] {
  const { apps, idle } = layApps(ofFile, changes);
  const served = new Map(apps.map((app) => [app.id, app]));
  return [
    ...idle.map(({ id }): Idle => ({ kind: 'app', appId: id, why: 'set-by-file' })),
    ...changes.endpoints.flatMap(({ appId, endpoint }): readonly Idle[] => {
      const app = served.get(appId);
      const why = app === undefined ? 'no-app' : idlenessOf(endpoint, app, rules);
      return why === undefined ? [] : [{ kind: 'endpoint', appId, endpoint, why }];
    }),
  ];
}

/** An app with the same id or one of the same keys. Two such apps cannot be served together. */
export function findClash(app: AppConfig, others: readonly AppConfig[]): AppConfig | undefined {
  const keys = keysOf(app);
  return others.find((other) => other.id === app.id || keysOf(other).some((key) => keys.includes(key)));
}

/** All keys of an app, starting with the first key. */
export function keysOf({ key, otherKeys }: AppConfig): readonly string[] {
  return [key, ...otherKeys.map((pair) => pair.key)];
}

/** The served apps of the file and the added ones, and the added apps that are not served. */
function layApps(ofFile: readonly AppConfig[], { added, removed }: RunTimeChanges) {
  const gone = new Set(removed);
  const kept = ofFile.filter(({ id }) => !gone.has(id));
  const ids = new Set(kept.map(({ id }) => id));
  const keys = new Set(kept.flatMap(keysOf));
  const isIdle = (app: AppConfig): boolean => ids.has(app.id) || keysOf(app).some((key) => keys.has(key));
  return {
    apps: [...kept, ...added.filter((app) => !isIdle(app))],
    idle: added.filter(isIdle),
  };
}

function idlenessOf(
  { id, url }: EndpointConfig,
  app: AppConfig,
  { isProduction }: LayerRules,
): Idleness | undefined {
  if (app.webhooks.some((one) => one.id === id)) return 'set-by-file';
  return isProduction && /^http:/i.test(url) ? 'insecure' : undefined;
}

function withPause(endpoint: EndpointConfig, paused: readonly PausedEndpoint[]): EndpointConfig {
  const found = paused.find(({ endpointId }) => endpointId === endpoint.id);
  if (found === undefined) return endpoint;
  const lastHold = pastHoldOf(found);
  const isOver = found.endedMs !== undefined;
  return { ...endpoint, ...(!isOver && { pause: found.pause }), ...(lastHold && { lastHold }) };
}

/** The holds of an endpoint that are over, as one; undefined if there are none. */
export function pastHoldOf({ pause, endedMs, earlier }: PausedEndpoint): Hold | undefined {
  return endedMs === undefined ? earlier : { fromMs: pause.sinceMs, toMs: endedMs };
}

/** A hold that ends at this time. With earlier ones it becomes one that is as long as all together. */
export function endHold({ earlier, ...held }: PausedEndpoint, endedMs: number): PausedEndpoint {
  const earlierMs = earlier === undefined ? 0 : earlier.toMs - earlier.fromMs;
  return { ...held, pause: { how: 'hold', sinceMs: held.pause.sinceMs - earlierMs }, endedMs };
}

function byApp<T extends { readonly appId: string }>(items: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const lists = new Map<string, T[]>();
  for (const item of items) {
    const list = lists.get(item.appId);
    if (list === undefined) lists.set(item.appId, [item]);
    else list.push(item);
  }
  return lists;
}
