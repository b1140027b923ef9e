import { quote, type ConfigFault } from '../config/checks/fault.ts';
import { fieldOf, itemsOf, type JsonObject } from '../config/json.ts';
import { isObject, isText, parseJson } from '../protocol/json-value.ts';
import { parseApps, type Parsed } from '../config/parse-one.ts';
import type { AppConfig, EndpointConfig, Hold, Pause } from '../config/schema/schema.ts';
import { writeApp, writeEndpoint } from '../config/write-app.ts';
import { defaultLimits } from '../protocol/limits.ts';
import {
  pastHoldOf,
  type AddedEndpoint,
  type PausedEndpoint,
  type RunTimeChanges,
} from './run-time-changes.ts';

/** The version of the written format. */
const layout = 1;

/** The result of reading kept changes. `reason` is a predicate, such as "is not a JSON object". */
export type ReadChanges =
  | { readonly kind: 'ok'; readonly changes: RunTimeChanges }
  | { readonly kind: 'not-understood'; readonly reason: string };

/** Serializes changes. Apps and endpoints have the format of the configuration file. */
export function writeChanges({ added, removed, endpoints, pauses }: RunTimeChanges): string {
  return JSON.stringify({
    layout,
    apps: added.map(writeApp),
    removed,
    endpoints: endpoints.map(({ appId, endpoint }) => ({ app: appId, endpoint: writeEndpoint(endpoint) })),
    pauses: pauses.flatMap(({ earlier, ...paused }) => [
      writePause(paused),
      ...(earlier ? [writePause(pastOf(paused, earlier))] : []),
    ]),
  });
}

function writePause({ appId, endpointId, pause, endedMs }: PausedEndpoint): JsonObject {
  return { app: appId, endpoint: endpointId, ...pause, ...(endedMs !== undefined && { endedMs }) };
}

/**
 * Earlier holds, written after the current pause as one hold that has ended. A version that does not know earlier holds reads only
 * the first pause of an endpoint. With a field that it does not know, it would refuse all changes.
 */
function pastOf({ appId, endpointId }: PausedEndpoint, { fromMs, toMs }: Hold): PausedEndpoint {
  return { appId, endpointId, pause: { how: 'hold', sinceMs: fromMs }, endedMs: toMs };
}

/** Parses the output of `writeChanges`. Either everything is understood, or nothing is accepted. */
export function readChanges(text: string): ReadChanges {
  const content = parseJson(text);
  if (!isObject(content)) return notUnderstood('is not a JSON object');
  const difference = formatDifference(content);
  if (difference !== undefined) return notUnderstood(difference);
  const added = readApps(itemsOf(content['apps']));
  if (added.kind === 'invalid') return faulty(added.faults);
  const endpoints = readEndpoints(itemsOf(content['endpoints']));
  if (endpoints.kind === 'invalid') return faulty(endpoints.faults);
  const removed = itemsOf(content['removed']);
  const pauses = itemsOf(content['pauses']).map(readPause);
  if (!removed.every(isText) || !pauses.every((pause) => pause !== undefined)) {
    return notUnderstood('has removals or pauses in a form that this version does not know');
  }
  const changes = { added: added.value, removed, endpoints: endpoints.value, pauses: joinHolds(pauses) };
  return { kind: 'ok', changes };
}

const lists: readonly string[] = ['apps', 'removed', 'endpoints', 'pauses'];

/** The first difference from the format of this version. It shows that another version or a person wrote the content. */
function formatDifference(content: JsonObject): string | undefined {
  const found = content['layout'];
  if (found !== layout) {
    const what = found === undefined ? 'has no layout' : `has the layout ${quote(JSON.stringify(found))}`;
    return `${what}, but this version only knows the layout ${layout}`;
  }
  const unknown = Object.keys(content).find((key) => key !== 'layout' && !lists.includes(key));
  if (unknown !== undefined) return `has a field that this version does not know: ${quote(unknown)}`;
  const missing = lists.find((key) => !Array.isArray(content[key]));
  return missing === undefined ? undefined : `has no list ${quote(missing)}`;
}

/**
 * Generous limits. Changes that were valid when they were saved must not be refused because the limits have changed: whether
 * they can be served is decided when they are applied.
 */
const anyBounds = {
  config: {
    maxBackpressureBytes: 1024 ** 3,
    limits: defaultLimits,
    webhooks: { queueMaxBytes: 4 * 1024 ** 3 },
    redis: undefined,
  },
  env: {},
};

function readApps(apps: readonly unknown[]): Parsed<readonly AppConfig[]> {
  if (apps.length === 0) return { kind: 'ok', value: [] };
  const parsed = parseApps(apps, anyBounds);
  if (parsed.kind === 'invalid') return parsed;
  return { kind: 'ok', value: parsed.value.map((app) => ({ ...app, isSetAtRunTime: true })) };
}

/** Parses all endpoints at once, each as the endpoint of its own app. */
function readEndpoints(items: readonly unknown[]): Parsed<readonly AddedEndpoint[]> {
  if (items.length === 0) return { kind: 'ok', value: [] };
  const parsed = parseApps(
    items.map((item, index) => ({
      id: `${index}`,
      key: `${index}`,
      secret: 'none',
      webhooks: [fieldOf(item, 'endpoint')],
    })),
    anyBounds,
  );
  if (parsed.kind === 'invalid') return parsed;
  const value: AddedEndpoint[] = [];
  for (const [index, { webhooks }] of parsed.value.entries()) {
    const appId = fieldOf(items[index], 'app');
    const [endpoint] = webhooks;
    if (!isText(appId) || endpoint === undefined || !hasKeys(items[index], 2)) {
      return {
        kind: 'invalid',
        faults: [{ path: `endpoints[${index}]`, message: 'is not an app and an endpoint' }],
      };
    }
    value.push({ appId, endpoint: markEndpoint(endpoint) });
  }
  return { kind: 'ok', value };
}

function markEndpoint(endpoint: EndpointConfig): EndpointConfig {
  return { ...endpoint, isSetAtRunTime: true };
}

function readPause(item: unknown): PausedEndpoint | undefined {
  const [appId, endpointId, how, sinceMs] = ['app', 'endpoint', 'how', 'sinceMs'].map((key) =>
    fieldOf(item, key),
  );
  if (!isText(appId) || !isText(endpointId) || !isHow(how) || typeof sinceMs !== 'number') return undefined;
  const paused = { appId, endpointId, pause: { how, sinceMs } };
  const endedMs = fieldOf(item, 'endedMs');
  if (hasKeys(item, 4)) return endedMs === undefined ? paused : undefined;
  const isOver = how === 'hold' && typeof endedMs === 'number' && hasKeys(item, 5);
  return isOver ? { ...paused, endedMs } : undefined;
}

/** Joins each hold that lasts with the earlier ones that are written after it. */
function joinHolds(pauses: readonly PausedEndpoint[]): readonly PausedEndpoint[] {
  const joined: PausedEndpoint[] = [];
  for (const paused of pauses) {
    const before = joined.at(-1);
    const isOfSame = before?.appId === paused.appId && before.endpointId === paused.endpointId;
    const lasts = before?.pause.how === 'hold' && before.endedMs === undefined;
    const earlier = pastHoldOf(paused);
    if (isOfSame && lasts && earlier !== undefined) joined.splice(-1, 1, { ...before, earlier });
    else joined.push(paused);
  }
  return joined;
}

/** Whether an object has exactly this number of keys. Further keys would be lost, so they are refused. */
function hasKeys(value: unknown, count: number): boolean {
  return isObject(value) && Object.keys(value).length === count;
}

function isHow(value: unknown): value is Pause['how'] {
  return value === 'hold' || value === 'off';
}

function faulty(faults: readonly ConfigFault[]): ReadChanges {
  const first = faults.map(({ path, message }) => `${path}: ${message}`)[0] ?? 'unknown';
  return notUnderstood(`breaks a rule of this version, ${first}`);
}

function notUnderstood(reason: string): ReadChanges {
  return { kind: 'not-understood', reason };
}
