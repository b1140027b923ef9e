import type { AppConfig } from '../config/schema.ts';

/** What was changed while the server ran, over what the file says. It stays when the file is read again. */
export interface RunTimeChanges {
  /** Apps beside those of the file. One whose id or key an app of the file has gives way as long as it has it. */
  readonly added: readonly AppConfig[];
  /** The ids of apps that are not served although the file has them. */
  readonly removed: readonly string[];
}

/** Nothing but what the file says. */
export const noChanges: RunTimeChanges = { added: [], removed: [] };

/** Adds an app. Its endpoints are marked as set at run time. */
export function withApp({ added, removed }: RunTimeChanges, app: AppConfig): RunTimeChanges {
  const webhooks = app.webhooks.map((webhook) => ({ ...webhook, isSetAtRunTime: true }));
  return { added: [...added, { ...app, webhooks }], removed };
}

/** Removes an app, wherever it came from. */
export function withoutApp({ added, removed }: RunTimeChanges, id: string): RunTimeChanges {
  return { added: added.filter((app) => app.id !== id), removed: [...removed, id] };
}

/** Forgets the removal of apps that the file does not have any more: should it have them again, they are new. */
export function withoutNeedless(changes: RunTimeChanges, ofFile: readonly AppConfig[]): RunTimeChanges {
  const removed = changes.removed.filter((removedId) => ofFile.some(({ id }) => id === removedId));
  return { ...changes, removed };
}

/** The apps that are to be served. */
export function layOver(
  ofFile: readonly AppConfig[],
  { added, removed }: RunTimeChanges,
): readonly AppConfig[] {
  const kept = ofFile.filter(({ id }) => !removed.includes(id));
  return [...kept, ...added.filter((app) => findClash(app, kept) === undefined)];
}

/** The app that has the same id, or accepts the same key: two such apps cannot be served. */
export function findClash(app: AppConfig, others: readonly AppConfig[]): AppConfig | undefined {
  const keys = keysOf(app);
  return others.find((other) => other.id === app.id || keysOf(other).some((key) => keys.includes(key)));
}

function keysOf({ key, otherKeys }: AppConfig): readonly string[] {
  return [key, ...otherKeys.map((pair) => pair.key)];
}
