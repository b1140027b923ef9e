import type { Caller } from '../auth/caller.ts';
import type { IncomingRequest, OutgoingResponse } from '../transport/http-message.ts';
import type { Route } from '../transport/http.ts';
import { isRefusal } from './access-refusal.ts';
import type { Access } from './access.ts';
import { jsonData, refusedAccess, secured, securedData } from './answers.ts';
import type { StaticFiles } from './static-files.ts';

/** What `createPageRoutes` needs. */
export interface PageOptions {
  readonly access: Access;
  readonly files: StaticFiles;
}

/** A login with a longer body is refused, because no token is that long. */
const maxLoginBytes = 4096;

/** The location is relative, so that it works behind a path prefix and behind proxies. */
const toPage: OutgoingResponse = secured({
  status: 303,
  contentType: 'text/plain; charset=utf-8',
  body: '',
  headers: { Location: 'dashboard/' },
});

/** The routes of the page itself: its files and the login. Its data has its own routes. */
export function createPageRoutes({ access, files }: PageOptions): readonly Route[] {
  const common = { port: 'dashboard', readsCaller: true } as const;
  return [
    { ...common, method: 'get', pattern: '/', handle: () => toPage },
    { ...common, method: 'get', pattern: '/dashboard', handle: () => toPage },
    {
      ...common,
      method: 'get',
      pattern: '/dashboard/',
      handle: (request) => files.answer('index.html', callerOf(request).acceptEncoding),
    },
    {
      ...common,
      method: 'get',
      pattern: '/dashboard/assets/:file',
      handle: (request) => files.answer(request.appId, callerOf(request).acceptEncoding),
    },
    {
      ...common,
      method: 'get',
      pattern: '/dashboard/session',
      handle: (request) => describeSession(access, callerOf(request)),
    },
    {
      ...common,
      method: 'post',
      pattern: '/dashboard/login',
      maxBodyBytes: maxLoginBytes,
      begin(head) {
        // A caller that cannot log in is refused before the body is read.
        const refusal = access.refuseLogin(callerOf(head));
        return refusal === undefined ? (request) => login(access, request) : refusedAccess(refusal);
      },
    },
    {
      ...common,
      method: 'post',
      pattern: '/dashboard/logout',
      handle: (request) => logout(access, callerOf(request)),
    },
  ];
}

/** The caller, on a route that reads its caller. */
export function callerOf({ caller }: Pick<IncomingRequest, 'caller'>): Caller {
  if (caller === undefined) throw new Error('a route that reads its caller was served without one');
  return caller;
}

function describeSession(access: Access, caller: Caller): OutgoingResponse {
  const admitted = access.admit(caller, { method: 'get', api: 'dashboard' });
  if (isRefusal(admitted)) return refusedAccess(admitted);
  return jsonData({ role: admitted.role, needsLogin: access.needsLogin });
}

function login(access: Access, request: IncomingRequest): OutgoingResponse {
  const token = tokenIn(request.body);
  const outcome = access.login(token ?? '', callerOf(request));
  if (!isRefusal(outcome)) return jsonData({ role: outcome.role }, { 'Set-Cookie': outcome.setCookie });
  return token === undefined && outcome.status === 401 ? malformed : refusedAccess(outcome);
}

const malformed: OutgoingResponse = securedData({
  status: 400,
  contentType: 'application/json',
  body: JSON.stringify({
    error: { code: 'ERR_ARGUMENT_INVALID', message: 'expected a JSON object such as {"token": "..."}' },
  }),
});

function logout(access: Access, caller: Caller): OutgoingResponse {
  const outcome = access.logout(caller);
  return isRefusal(outcome) ? refusedAccess(outcome) : jsonData({}, { 'Set-Cookie': outcome.setCookie });
}

/** The token in the body of a login; undefined if the body is malformed. */
function tokenIn(body: Uint8Array): string | undefined {
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof content !== 'object' || content === null || !('token' in content)) return undefined;
  return typeof content.token === 'string' ? content.token : undefined;
}
