import type { EndpointConfig, Pause } from '../config/schema/schema.ts';
import { ChangeError } from './change-error.ts';
import { servedApp, setByFile, type Edit, type EditContext } from './edit.ts';
import { endHold, pastHoldOf, type RunTimeChanges } from './run-time-changes.ts';

/** An endpoint of an app. */
interface Place {
  readonly appId: string;
  readonly endpointId: string;
}

/** Adds an endpoint to an app, whether the file sets the app or not. */
export function addEndpoint(appId: string, endpoint: EndpointConfig): Edit {
  return (changes, context) => {
    servedApp(changes, context, appId);
    if (takenIds(changes, context, appId).has(endpoint.id)) {
      const message = `the app '${appId}' already has an endpoint with the id '${endpoint.id}'; choose another, or leave it out to have one generated`;
      throw new ChangeError('taken', message);
    }
    const added = { appId, endpoint: { ...endpoint, isSetAtRunTime: true } };
    return { ...changes, endpoints: [...changes.endpoints, added] };
  };
}

/** Replaces an endpoint that was added at run time. Its id and pause stay the same. */
export function changeEndpoint(appId: string, endpoint: EndpointConfig): Edit {
  return (changes, context) => {
    const place = { appId, endpointId: endpoint.id };
    // The file has priority, even over an endpoint that was added earlier.
    if (isOfFile(place, changes, context)) throw setByFile(nameOf(place), context);
    if (!isAdded(place, changes)) throw unknownEndpoint(place, changes, context);
    const next = { appId, endpoint: { ...endpoint, isSetAtRunTime: true } };
    return { ...changes, endpoints: changes.endpoints.map((one) => (isAt(place)(one) ? next : one)) };
  };
}

/** Removes an endpoint that was added at run time, even if it is not served because its app is gone or the file has its id. */
export function removeEndpoint(appId: string, endpointId: string): Edit {
  return (changes, context) => {
    const place = { appId, endpointId };
    const isSetByFile = isOfFile(place, changes, context);
    if (!isAdded(place, changes)) {
      if (isSetByFile) throw setByFile(nameOf(place), context);
      throw unknownEndpoint(place, changes, context);
    }
    const endpoints = changes.endpoints.filter((one) => !isAt(place)(one));
    // If the file has an endpoint with this id, the pause belongs to that one.
    return { ...changes, endpoints, pauses: isSetByFile ? changes.pauses : withoutPause(place, changes) };
  };
}

/** Pauses an endpoint, whether the file sets it or not. If it is already paused in this way, the old time is kept. */
export function pauseEndpoint(appId: string, endpointId: string, pause: Pause): Edit {
  return (changes, context) => {
    const place = { appId, endpointId };
    refuseUnknown(place, changes, context);
    const before = changes.pauses.find(isPauseOf(place));
    if (before?.endedMs === undefined && before?.pause.how === pause.how) return changes;
    // Without a hold, everything that waits is dropped.
    const earlier = pause.how === 'hold' ? before && pastHoldOf(before) : undefined;
    const paused = { ...place, pause, ...(earlier && { earlier }) };
    return { ...changes, pauses: [...withoutPause(place, changes), paused] };
  };
}

/** Ends the pause of an endpoint at this time, in milliseconds since 1970. Nothing changes if it is not paused. */
export function resumeEndpoint(appId: string, endpointId: string, atMs: number): Edit {
  return (changes, context) => {
    const place = { appId, endpointId };
    const before = changes.pauses.find(isPauseOf(place));
    if (before === undefined) refuseUnknown(place, changes, context);
    if (before === undefined || before.endedMs !== undefined) return changes;
    const others = withoutPause(place, changes);
    return {
      ...changes,
      pauses: before.pause.how === 'hold' ? [...others, endHold(before, atMs)] : others,
    };
  };
}

/** The ids of all endpoints of an app, including those that are not served. */
export function takenIds(changes: RunTimeChanges, { file }: EditContext, appId: string): ReadonlySet<string> {
  return new Set([
    ...(file.apps.find(({ id }) => id === appId)?.webhooks.map(({ id }) => id) ?? []),
    ...changes.endpoints.filter((one) => one.appId === appId).map(({ endpoint }) => endpoint.id),
  ]);
}

function refuseUnknown(place: Place, changes: RunTimeChanges, context: EditContext): void {
  if (isAdded(place, changes) || isOfFile(place, changes, context)) return;
  throw unknownEndpoint(place, changes, context);
}

function isAdded(place: Place, { endpoints }: RunTimeChanges): boolean {
  return endpoints.some(isAt(place));
}

function isAt({ appId, endpointId }: Place) {
  return (one: RunTimeChanges['endpoints'][number]): boolean =>
    one.appId === appId && one.endpoint.id === endpointId;
}

function isOfFile({ appId, endpointId }: Place, { removed }: RunTimeChanges, { file }: EditContext): boolean {
  const app = file.apps.find(({ id }) => id === appId && !removed.includes(id));
  return app?.webhooks.some(({ id }) => id === endpointId) === true;
}

function isPauseOf({ appId, endpointId }: Place) {
  return (one: Place): boolean => one.appId === appId && one.endpointId === endpointId;
}

function withoutPause(place: Place, { pauses }: RunTimeChanges): RunTimeChanges['pauses'] {
  return pauses.filter((one) => !isPauseOf(place)(one));
}

/** The error for an unknown endpoint. Throws if the app is unknown. */
function unknownEndpoint(place: Place, changes: RunTimeChanges, context: EditContext): ChangeError {
  servedApp(changes, context, place.appId);
  const message = `the app '${place.appId}' has no endpoint with the id '${place.endpointId}'`;
  return new ChangeError('unknown-endpoint', message);
}

function nameOf({ appId, endpointId }: Place): string {
  return `the endpoint '${endpointId}' of the app '${appId}'`;
}
