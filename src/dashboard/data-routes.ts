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
  type Change,
  type Entry,
  type Failure,
} from '../operations/routes.ts';
import type { Log } from '../ports/log.ts';
import type { Answer, IncomingRequest } from '../transport/http-message.ts';
import type { Route } from '../transport/http.ts';
import { isRefusal } from './access-refusal.ts';
import type { Access } from './access.ts';
import { dataHeaders, headersOfRefusal, jsonData, refusedAccess, securedData } from './answers.ts';
import type { AccessDoor } from './guard.ts';
import { callerOf } from './page-routes.ts';

/** What the data of the Dashboard is served with. */
export interface DataOptions {
  readonly access: Access;
  readonly parts: AdminParts;
  readonly log: Log;
  /** Further operations, of a server that is controlled by a test. */
  readonly controls?: Controls | undefined;
  /** Hears of each change: `appId` is empty if it is about no app. */
  readonly changed: (appId: string, text: string) => void;
}

/** What a test can do to the server. */
export interface Controls {
  readonly operations: readonly Operation[];
  failureOf(error: unknown): Failure | undefined;
}

/** Where each way in has its routes. */
const prefixes: Readonly<Record<AccessDoor, string>> = { admin: '/admin', dashboard: '/dashboard/api' };

/** The operations of the admin API twice: for programs under /admin, and for the page. */
export function createDataRoutes(options: DataOptions): readonly Route[] {
  const operations = adminOperations(options.parts);
  const controls = options.controls?.operations ?? [];
  const describe = () =>
    describeApi(operations, {
      title: 'Admin API of soketify-emulator',
      description: 'Endpoints and apps at run time, deliveries, channels and truth, for scripts.',
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
    .map((route): Route => ({ ...route, door: 'dashboard' }))
    .concat(streamRoute('admin', options), streamRoute('dashboard', options));
}

function entryOf(door: AccessDoor, { access, log, controls, changed }: DataOptions): Entry<Caller> {
  return {
    prefix: prefixes[door],
    headers: dataHeaders,
    admit(caller, { method, isQuestion = false }) {
      const admitted = access.admit(caller, { method, door, isQuestion });
      if (isRefusal(admitted)) return { ...admitted, headers: headersOfRefusal(admitted) };
      return { who: `${admitted.who} (${caller.remoteAddress})`, isFull: admitted.role === 'full' };
    },
    failureOf: (error) => failureOfChange(error) ?? controls?.failureOf(error),
    changed({ who }: Admitted, { id, summary }: Operation, change: Change) {
      const of = subjectsOf(change);
      const { how } = change.body;
      log.info(
        { who, operation: id, of, ...(typeof how === 'string' && { how }), door },
        'done by an operator',
      );
      if (!settingIds.has(id)) return;
      const what = summary.split(/[.;:,]/)[0] ?? id;
      changed(
        change.values[0] ?? '',
        `${what}: ${[...of, ...(typeof how === 'string' ? [how] : [])].join(', ')}`,
      );
    },
  };
}

/** The operations that change what is set; others do something once. */
const settingIds: ReadonlySet<string> = new Set([
  'addApp',
  'changeApp',
  'removeApp',
  'addKey',
  'makeKeyFirst',
  'removeKey',
  'addEndpoint',
  'changeEndpoint',
  'removeEndpoint',
  'pauseEndpoint',
  'resumeEndpoint',
]);

/** What was changed: what the path names, and what was made, by its id or key. */
function subjectsOf({ values, answer }: Change): readonly string[] {
  const made = ['id', 'key'].map((name) => fieldOf(answer, name)).find((value) => typeof value === 'string');
  return typeof made === 'string' && !values.includes(made) ? [...values, made] : values;
}

/** How the stream is asked for. */
const streamQuestion = { path: '/stream', query: consoleQuery };

function streamRoute(door: AccessDoor, { access, parts }: DataOptions): Route {
  return {
    method: 'get',
    pattern: `${prefixes[door]}/stream`,
    door: 'dashboard',
    readsCaller: true,
    handle(request) {
      const caller = callerOf(request);
      const admit = () => access.admit(caller, { method: 'get', door });
      const admitted = admit();
      if (isRefusal(admitted)) return refusedAccess(admitted);
      return openStream(request, parts, () => !isRefusal(admit()));
    },
  };
}

function openStream(request: IncomingRequest, parts: AdminParts, isAllowed: () => boolean): Answer {
  try {
    const { rawQuery, body } = request;
    const asked = { values: [], rawQuery, body, who: '', isFull: false };
    const filter = filterOf(readQuestion(streamQuestion, asked), parts.wallTime.now());
    const since = seqOf(callerOf(request).lastEventId);
    return securedData({
      status: 200,
      contentType: 'text/event-stream; charset=utf-8',
      // Some proxies gather what they pass on.
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

/** The number of the row that was seen last; undefined: it is none of ours. */
function seqOf(lastEventId: string): number | undefined {
  const seq = /^\d{1,16}$/.test(lastEventId) ? Number(lastEventId) : undefined;
  return seq !== undefined && Number.isSafeInteger(seq) ? seq : undefined;
}
