import { adminOperations, type AdminParts } from '../admin/operations.ts';
import { failureOfChange } from '../admin/failures.ts';
import { filterOf, consoleQuery } from '../admin/console-operations.ts';
import { streamLive } from '../admin/live.ts';
import { schemas } from '../admin/schemas.ts';
import type { Caller } from '../auth/caller.ts';
import { fieldOf } from '../config/json.ts';
import { describeApi } from '../operations/openapi.ts';
import { OperationError } from '../operations/operation-error.ts';
import { readQuestion, type Operation } from '../operations/operation.ts';
import {
  createDocumentRoute,
  createOperationRoutes,
  type Admitted,
  type OperationChange,
  type OperationEntryPoint,
  type OperationFailure,
} from '../operations/routes.ts';
import type { Log } from '../ports/log.ts';
import type { HttpAnswer, IncomingRequest } from '../transport/http-message.ts';
import type { Route } from '../transport/http.ts';
import { isRefusal } from './access-refusal.ts';
import type { Access } from './access.ts';
import { dataHeaders, headersOfRefusal, jsonData, refusedAccess, securedData } from './answers.ts';
import type { AccessApi } from './guard.ts';
import { callerOf } from './page-routes.ts';

/** What `createDataRoutes` needs. */
export interface DataOptions {
  readonly access: Access;
  readonly parts: AdminParts;
  readonly log: Log;
  /** Further operations, on a server that a test controls. */
  readonly controls?: Controls | undefined;
  /** Called after each change. `appId` is empty if the change does not concern an app. */
  readonly changed: (appId: string, text: string) => void;
}

/** The operations of the control API. */
export interface Controls {
  readonly operations: readonly Operation[];
  failureOf(error: unknown): OperationFailure | undefined;
}

/** The path prefix of each API. */
const prefixes: Readonly<Record<AccessApi, string>> = { admin: '/admin', dashboard: '/dashboard/api' };

/** The operations of the admin API twice: for programs under /admin, and for the page. */
export function createDataRoutes(options: DataOptions): readonly Route[] {
  const operations = adminOperations(options.parts);
  const controls = options.controls?.operations ?? [];
  const describe = () =>
    describeApi(operations, {
      title: 'Admin API of soketify-emulator',
      description:
        'For scripts: apps and endpoints at run time, deliveries, channels, and the truth of endpoints.',
      prefix: prefixes.admin,
      hasToken: options.parts.hasToken,
      schemas,
    });
  const admin = entryOf('admin', options);
  const page = entryOf('dashboard', options);
  return [
    ...createOperationRoutes(operations, admin),
    createDocumentRoute('/openapi.json', describe, admin),
    ...createOperationRoutes([...operations, ...controls], page),
  ]
    .map((route): Route => ({ ...route, port: 'dashboard' }))
    .concat(streamRoute('admin', options), streamRoute('dashboard', options));
}

function entryOf(
  api: AccessApi,
  { access, log, controls, changed }: DataOptions,
): OperationEntryPoint<Caller> {
  return {
    prefix: prefixes[api],
    headers: dataHeaders,
    admit(caller, { method, isQuestion = false }) {
      const admitted = access.admit(caller, { method, api, isQuestion });
      if (isRefusal(admitted)) return { ...admitted, headers: headersOfRefusal(admitted) };
      return { who: `${admitted.who} (${caller.remoteAddress})`, isFull: admitted.role === 'full' };
    },
    failureOf: (error) => failureOfChange(error) ?? controls?.failureOf(error),
    changed({ who }: Admitted, { id }: Operation, change: OperationChange) {
      const of = subjectsOf(change);
      const { how } = change.body;
      log.info({ who, operation: id, of, ...(typeof how === 'string' && { how }), api }, 'operator action');
      const describe = settingTexts[id];
      if (describe === undefined) return;
      changed(of[0] ?? '', describe(of.at(-1) ?? '', typeof how === 'string' ? how : ''));
    },
  };
}

/** What the console says of the operations that change settings. The others perform an action once. */
const settingTexts: Readonly<Record<string, (subject: string, how: string) => string>> = {
  addApp: (app) => `app ${app} was added`,
  changeApp: (app) => `app ${app} was changed`,
  removeApp: (app) => `app ${app} was removed`,
  addKey: (key) => `key ${key} was added`,
  makeKeyFirst: (key) => `key ${key} signs webhooks from now on`,
  removeKey: (key) => `key ${key} was removed`,
  addEndpoint: (endpoint) => `endpoint ${endpoint} was added`,
  changeEndpoint: (endpoint) => `endpoint ${endpoint} was changed`,
  removeEndpoint: (endpoint) => `endpoint ${endpoint} was removed`,
  pauseEndpoint: (endpoint, how) => `endpoint ${endpoint} was paused (${how})`,
  resumeEndpoint: (endpoint) => `endpoint ${endpoint} was resumed`,
};

/** The subjects of a change: the names in the path, and the id or key of what was created. */
function subjectsOf({ values, answer }: OperationChange): readonly string[] {
  const made = ['id', 'key'].map((name) => fieldOf(answer, name)).find((value) => typeof value === 'string');
  return typeof made === 'string' && !values.includes(made) ? [...values, made] : values;
}

/** The path and the query of the stream. */
const streamQuestion = { path: '/stream', query: consoleQuery };

function streamRoute(api: AccessApi, { access, parts }: DataOptions): Route {
  return {
    method: 'get',
    pattern: `${prefixes[api]}/stream`,
    port: 'dashboard',
    readsCaller: true,
    handle(request) {
      const caller = callerOf(request);
      const admit = () => access.admit(caller, { method: 'get', api });
      const admitted = admit();
      if (isRefusal(admitted)) return refusedAccess(admitted);
      return openStream(request, parts, () => !isRefusal(admit()));
    },
  };
}

function openStream(request: IncomingRequest, parts: AdminParts, isAllowed: () => boolean): HttpAnswer {
  try {
    const { rawQuery, body } = request;
    const question = { values: [], rawQuery, body, who: '', isFull: false };
    const filter = filterOf(readQuestion(streamQuestion, question), parts.wallTime.now());
    const since = seqOf(callerOf(request).lastEventId);
    return securedData({
      status: 200,
      contentType: 'text/event-stream; charset=utf-8',
      // Some proxies buffer responses unless this header forbids it.
      headers: { 'X-Accel-Buffering': 'no' },
      stream: (sink) =>
        streamLive(parts.live, sink, { ...filter, isAllowed, ...(since !== undefined && { since }) }),
    });
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    const { status, code, message } = error;
    return { ...jsonData({ error: { code, message } }), status };
  }
}

/** The number of the last row that the client saw, or undefined if the id is not a row number. */
function seqOf(lastEventId: string): number | undefined {
  const seq = /^\d{1,16}$/.test(lastEventId) ? Number(lastEventId) : undefined;
  return seq !== undefined && Number.isSafeInteger(seq) ? seq : undefined;
}
