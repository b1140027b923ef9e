import type { AppConfig, EndpointConfig, Pause } from '../config/schema.ts';

/** An endpoint that an app has beside those of the file. */
export interface AddedEndpoint {
  readonly appId: string;
  readonly endpoint: EndpointConfig;
}

/** An endpoint that is paused, whether the file sets it or not. */
export interface PausedEndpoint {
  readonly appId: string;
  readonly endpointId: string;
  readonly pause: Pause;
  /**
   * A hold that is over, and when it ended, by the time of day. It is kept, because a process that begins soon after must not
   * count it to the age of what it takes over. Absent: the pause lasts.
   */
  readonly endedMs?: number;
}

/** What was changed while the server ran, over what the file says. It stays when the file is read again. */
export interface RunTimeChanges {
  /**
   * Apps beside those of the file, without endpoints. One whose id or key an app of the file has gives way as long as it
   * has it.
   */
  readonly added: readonly AppConfig[];
  /** The ids of apps that are not served although the file has them. */
  readonly removed: readonly string[];
  /**
   * Endpoints of apps of the file and of those that were added, in the order in which they came. One whose id an
   * endpoint of the file has gives way as long as it has it; one whose app is gone waits for it.
   */
  readonly endpoints: readonly AddedEndpoint[];
  /** A pause is an act of whoever operates the server: it is no word of the file, and outlives it. */
  readonly pauses: readonly PausedEndpoint[];
}

/** What decides about what was set at run time, besides the file. */
export interface LayerRules {
  /** Endpoints that are set at run time must be HTTPS. */
  readonly isProduction: boolean;
}

/** Why something that was set at run time is not served. */
export type Idleness =
  /** The file has an app with the same id or key, or an endpoint with the same id. */
  | 'set-by-file'
  /** There is no such app at the moment. */
  | 'no-app'
  /** It is not HTTPS, which production demands. */
  | 'insecure';

/** Something that was set at run time and is not served at the moment. */
export type Idle =
  | { readonly kind: 'app'; readonly appId: string; readonly why: 'set-by-file' }
  | {
      readonly kind: 'endpoint';
      readonly appId: string;
      readonly endpoint: EndpointConfig;
      readonly why: Idleness;
    };

/** Nothing but what the file says. */
export const noChanges: RunTimeChanges = { added: [], removed: [], endpoints: [], pauses: [] };

/**
 * Adds an app, and its endpoints. Both are marked as set at run time. Endpoints that waited for an app of this id are its own
 * now; one of the same id gives way for good.
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

/** Removes an app and all that was set of it at run time, wherever the app came from. */
export function withoutApp(changes: RunTimeChanges, id: string): RunTimeChanges {
  return {
    added: changes.added.filter((app) => app.id !== id),
    removed: [...changes.removed, id],
    endpoints: changes.endpoints.filter(({ appId }) => appId !== id),
    pauses: changes.pauses.filter(({ appId }) => appId !== id),
  };
}

/** Forgets the removal of apps that the file does not have any more: should it have them again, they are new. */
export function withoutNeedless(changes: RunTimeChanges, ofFile: readonly AppConfig[]): RunTimeChanges {
  const removed = changes.removed.filter((removedId) => ofFile.some(({ id }) => id === removedId));
  return { ...changes, removed };
}

/** The apps that are to be served, with the endpoints that are to be served. */
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

/** What was set at run time and is not to be served at the moment. */
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

/** The app that has the same id, or accepts the same key: two such apps cannot be served. */
export function findClash(app: AppConfig, others: readonly AppConfig[]): AppConfig | undefined {
  const keys = keysOf(app);
  return others.find((other) => other.id === app.id || keysOf(other).some((key) => keys.includes(key)));
}

/** Every key that an app accepts, the first of them first. */
export function keysOf({ key, otherKeys }: AppConfig): readonly string[] {
  return [key, ...otherKeys.map((pair) => pair.key)];
}

/** The apps of the file that stay and those beside them, and those that give way. */
function layApps(ofFile: readonly AppConfig[], { added, removed }: RunTimeChanges) {
  const gone = new Set(removed);
  const kept = ofFile.filter(({ id }) => !gone.has(id));
  const ids = new Set(kept.map(({ id }) => id));
  const keys = new Set(kept.flatMap(keysOf));
  const givesWay = (app: AppConfig): boolean => ids.has(app.id) || keysOf(app).some((key) => keys.has(key));
  return {
    apps: [...kept, ...added.filter((app) => !givesWay(app))],
    idle: added.filter(givesWay),
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
  const { pause, endedMs } = found;
  if (endedMs === undefined) return { ...endpoint, pause };
  return { ...endpoint, lastHold: { fromMs: pause.sinceMs, toMs: endedMs } };
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
