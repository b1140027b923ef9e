import { hostName, isOfPage, namesThisMachine, type Caller } from '../auth/caller.ts';
import { clip } from '../protocol/clip.ts';
import type { AccessRefusal } from './access-refusal.ts';

/**
 * By which way a request comes: `admin` is for programs, which show a token with each request, and `dashboard` for the
 * page, whose browser adds a cookie to whatever any page makes it ask.
 */
export type AccessDoor = 'admin' | 'dashboard';

/** What the guard knows of the server. */
export interface GuardOptions {
  readonly hasToken: boolean;
  readonly allowedHosts: readonly string[];
  readonly isProduction: boolean;
}

/** Why nobody may ask in this way, whichever token is shown; undefined if somebody may. */
export function refuseWay(
  caller: Caller,
  door: AccessDoor,
  options: GuardOptions,
): AccessRefusal | undefined {
  return (
    (options.isProduction ? refusePlainText(caller) : undefined) ??
    refuseHost(caller.host, options) ??
    (options.hasToken ? undefined : refuseElsewhere(caller)) ??
    (door === 'dashboard' ? refuseOtherPage(caller, options) : undefined) ??
    (door === 'admin' && !options.hasToken ? refuseAnyPage(caller) : undefined)
  );
}

/** Why the body of a change is not taken; undefined if it is. Forms of other pages cannot send this type. */
export function refuseContentType({ contentType }: Caller): AccessRefusal | undefined {
  if (/^application\/json\s*(?:;|$)/i.test(contentType)) return undefined;
  const got = contentType === '' ? 'nothing' : `'${clip(contentType)}'`;
  return {
    status: 415,
    code: 'ERR_CONTENT_TYPE',
    message: `expected the header 'Content-Type: application/json', got ${got}`,
  };
}

/** Tokens and secrets do not go over a network in the clear. */
function refusePlainText({ isSecure, isLocal, isForwarded }: Caller): AccessRefusal | undefined {
  if (isSecure || (isLocal && !isForwarded)) return undefined;
  return forbid(
    'ERR_INSECURE',
    'in production the Dashboard is served over HTTPS only: set tls, or name the proxy that serves HTTPS in trustedProxies and have it send X-Forwarded-Proto',
  );
}

/**
 * A page can have its own name resolve to this machine, and is then of the same origin; but it cannot change the name.
 * A token is known to no such page, so that with one the names are checked only if somebody has listed them.
 */
function refuseHost(host: string, { hasToken, allowedHosts }: GuardOptions): AccessRefusal | undefined {
  if (hasToken && allowedHosts.length === 0) return undefined;
  if (namesThisMachine(host) || allowedHosts.some((allowed) => isNamed(host, allowed))) return undefined;
  const got = host === '' ? 'none' : `'${clip(host)}'`;
  const others = allowedHosts.length === 0 ? 'dashboard.allowedHosts' : allowedHosts.join(', ');
  const message = `expected a Host that is localhost, 127.0.0.1, [::1] or one of ${others}, got ${got}`;
  return { status: 421, code: 'ERR_HOST', message };
}

function isNamed(host: string, allowed: string): boolean {
  const name = allowed.toLowerCase();
  return hostName(host) === (name.includes(':') ? `[${name}]` : name);
}

function refuseElsewhere({ isForwarded, isLocal }: Caller): AccessRefusal | undefined {
  if (isForwarded) {
    return forbid('ERR_FORWARDED', 'requests that a proxy passes on need a token: set dashboard.token');
  }
  if (isLocal) return undefined;
  return forbid('ERR_REMOTE', 'requests of other machines need a token: set dashboard.token');
}

/** Refuses what the page of the Dashboard did not ask for, reading included. */
function refuseOtherPage(caller: Caller, { hasToken }: GuardOptions): AccessRefusal | undefined {
  const { origin, fetchSite, host, isSecure } = caller;
  if (fetchSite === 'same-origin') return undefined;
  if (fetchSite === '' && origin !== '' && isOwnOrigin(caller)) return undefined;
  // Over plain HTTP browsers say nothing of the page that reads. They send the session's cookie with its own page alone.
  if (fetchSite === '' && origin === '' && hasToken && !isSecure && !namesThisMachine(host)) return undefined;
  if (fetchSite === '' && origin === '') {
    return forbid(
      'ERR_ORIGIN',
      'the request does not say that it comes from the page of the Dashboard. Programs use /admin; browsers say so on localhost and over HTTPS',
    );
  }
  return forbid('ERR_ORIGIN', 'only the page of the Dashboard may ask for this; programs use /admin');
}

/** Where encryption ends at a proxy that says nothing, the scheme cannot be told. */
function isOwnOrigin({ origin, host, isSecure }: Caller): boolean {
  const own = host.toLowerCase();
  const asked = origin.toLowerCase();
  return asked === `https://${own}` || (!isSecure && asked === `http://${own}`);
}

function refuseAnyPage(caller: Caller): AccessRefusal | undefined {
  if (!isOfPage(caller)) return undefined;
  return forbid('ERR_ORIGIN', 'web pages may use the admin API only with a token: set dashboard.token');
}

function forbid(code: AccessRefusal['code'], message: string): AccessRefusal {
  return { status: 403, code, message };
}
