import type { Caller } from '../auth/caller.ts';
import type { IncomingRequest, OutgoingResponse } from '../transport/http-message.ts';
import type { Route } from '../transport/http.ts';
import { isRefusal } from './access-refusal.ts';
import type { Access } from './access.ts';
import { jsonData, refusedAccess, secured, securedData } from './answers.ts';
import type { StaticFiles } from './static-files.ts';

/** What the page is served with. */
export interface PageOptions {
  readonly access: Access;
  readonly files: StaticFiles;
}

/** No token is as long. */
const mostLoginBytes = 4096;

/** Relative, so that it is right behind a prefix and proxies, whatever they call it. */
const toPage: OutgoingResponse = secured({
  status: 303,
  contentType: 'text/plain; charset=utf-8',
  body: '',
  headers: { Location: 'dashboard/' },
});

/** The routes of the page itself: its files, and the login. Its data has routes of its own. */
export function createPageRoutes({ access, files }: PageOptions): readonly Route[] {
  const common = { door: 'dashboard', readsCaller: true } as const;
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
      handle: (request) => tellSession(access, callerOf(request)),
    },
    {
      ...common,
      method: 'post',
      pattern: '/dashboard/login',
      maxBodyBytes: mostLoginBytes,
      begin(head) {
        // Who may not log in at all is told so before his body is read.
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

/** Who asks, on a route that reads its caller. */
export function callerOf({ caller }: Pick<IncomingRequest, 'caller'>): Caller {
  if (caller === undefined) throw new Error('a route that reads its caller was served without one');
  return caller;
}

function tellSession(access: Access, caller: Caller): OutgoingResponse {
  const admitted = access.admit(caller, { method: 'get', door: 'dashboard' });
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

/** The token in the body of a login; undefined if the body has another form. */
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
