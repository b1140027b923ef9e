import type { Caller } from '../auth/caller.ts';
import { sessionMs } from './sessions.ts';

/**
 * The cookie of a session. It has no Path, so that it is for the folder of the page, wherever a proxy shows it. Nor is it
 * for a port: servers on several ports of one host would take each other's, if its name did not tell them apart.
 */
function cookieName({ host, isSecure }: Caller): string {
  const port = /:(\d+)$/.exec(host)?.[1];
  return `${isSecure ? '__Secure-' : ''}soketify_dashboard${port === undefined ? '' : `_${port}`}`;
}

/** Has the browser keep the id of a session. */
export function setCookie(caller: Caller, id: string): string {
  return cookieText(caller, id, sessionMs / 1000);
}

/** Has the browser forget it. */
export function clearCookie(caller: Caller): string {
  return cookieText(caller, '', 0);
}

function cookieText(caller: Caller, value: string, maxAgeSeconds: number): string {
  const secure = caller.isSecure ? '; Secure' : '';
  return `${cookieName(caller)}=${value}; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure}`;
}

/** The ids of sessions that a browser sent. A server on another port may have set one of the same name. */
export function sessionIdsOf(caller: Caller): readonly string[] {
  const prefix = `${cookieName(caller)}=`;
  return caller.cookie
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie.startsWith(prefix))
    .map((cookie) => cookie.slice(prefix.length));
}
