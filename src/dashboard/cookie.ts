import type { Caller } from '../auth/caller.ts';
import { sessionMs } from './sessions.ts';

/**
 * The name of the session cookie. The cookie has no Path, so it applies to the folder of the page, wherever a proxy puts it.
 * Cookies do not distinguish ports, so the name contains the port: otherwise servers on several ports of one host would
 * overwrite each other's cookies.
 */
function cookieName({ host, isSecure }: Caller): string {
  const port = /:(\d+)$/.exec(host)?.[1];
  return `${isSecure ? '__Secure-' : ''}soketify_dashboard${port === undefined ? '' : `_${port}`}`;
}

/** The `Set-Cookie` that stores the id of a session. */
export function setCookie(caller: Caller, id: string): string {
  return cookieText(caller, id, sessionMs / 1000);
}

/** The `Set-Cookie` that deletes it. */
export function clearCookie(caller: Caller): string {
  return cookieText(caller, '', 0);
}

function cookieText(caller: Caller, value: string, maxAgeSeconds: number): string {
  const secure = caller.isSecure ? '; Secure' : '';
  return `${cookieName(caller)}=${value}; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure}`;
}

/** The session ids that a browser sent. Another server may have set a cookie with the same name. */
export function sessionIdsOf(caller: Caller): readonly string[] {
  const prefix = `${cookieName(caller)}=`;
  return caller.cookie
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie.startsWith(prefix))
    .map((cookie) => cookie.slice(prefix.length));
}
