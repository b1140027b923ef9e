import { hostName, isOfPage, namesThisMachine, type Caller } from '../auth/caller.ts';
import { clip } from '../protocol/clip.ts';
import type { AccessRefusal } from './access-refusal.ts';

/**
 * The API that a request uses. `admin` is for programs, which send a token with each request. `dashboard` is for the page:
 * its browser adds the cookie to every request, even to one that another page caused.
 */
export type AccessApi = 'admin' | 'dashboard';

/** The facts about the server that the guard needs. */
export interface GuardOptions {
  readonly hasToken: boolean;
  readonly allowedHosts: readonly string[];
  readonly isProduction: boolean;
}

/** Why a request is refused whatever its token is; undefined if it is not. */
export function refuseWay(caller: Caller, api: AccessApi, options: GuardOptions): AccessRefusal | undefined {
  return (
    (options.isProduction ? refusePlainText(caller) : undefined) ??
    refuseHost(caller.host, options) ??
    (options.hasToken ? undefined : refuseElsewhere(caller)) ??
    (api === 'dashboard' ? refuseOtherPage(caller, options) : undefined) ??
    (api === 'admin' && !options.hasToken ? refuseAnyPage(caller) : undefined)
  );
}

/** Why the body of a change is refused; undefined if it is not. Forms of other pages cannot send the JSON type. */
export function refuseContentType({ contentType }: Caller): AccessRefusal | undefined {
  if (/^application\/json\s*(?:;|$)/i.test(contentType)) return undefined;
  const got = contentType === '' ? 'nothing' : `'${clip(contentType)}'`;
  return {
    status: 415,
    code: 'ERR_CONTENT_TYPE',
    message: `expected the header 'Content-Type: application/json', got ${got}`,
  };
}

/** Tokens and secrets must not cross a network unencrypted. */
function refusePlainText({ isSecure, isLocal, isForwarded }: Caller): AccessRefusal | undefined {
  if (isSecure || (isLocal && !isForwarded)) return undefined;
  return forbid(
    'ERR_INSECURE',
    'in production the Dashboard is served over HTTPS only: set tls, or name the proxy that serves HTTPS in trustedProxies and have it send X-Forwarded-Proto',
  );
}

/**
 * With DNS rebinding, a page makes its own name resolve to this machine and so has the same origin. It cannot change the
 * name in `Host`, though. Such a page does not know a token, so with a token, names are checked only if some are configured.
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
    return forbid('ERR_FORWARDED', 'requests through a proxy need a token: set dashboard.token');
  }
  if (isLocal) return undefined;
  return forbid('ERR_REMOTE', 'requests from other machines need a token: set dashboard.token');
}

/** Refuses every request, even a GET, that the page of the Dashboard did not make. */
function refuseOtherPage(caller: Caller, { hasToken }: GuardOptions): AccessRefusal | undefined {
  const { origin, fetchSite, host, isSecure } = caller;
  if (fetchSite === 'same-origin') return undefined;
  if (fetchSite === '' && origin !== '' && isOwnOrigin(caller)) return undefined;
  // Over plain HTTP, browsers do not identify the page of a GET. They send the session cookie only with requests of its own site.
  if (fetchSite === '' && origin === '' && hasToken && !isSecure && !namesThisMachine(host)) return undefined;
  if (fetchSite === '' && origin === '') {
    return forbid(
      'ERR_ORIGIN',
      'the request has no Sec-Fetch-Site or Origin header, so it may not be from the page of the Dashboard. Programs must use /admin; browsers send these headers on localhost and over HTTPS',
    );
  }
  return forbid(
    'ERR_ORIGIN',
    'only the page of the Dashboard may make this request; programs must use /admin',
  );
}

/** If a proxy terminates TLS without reporting it, the scheme is unknown, so both schemes are accepted. */
function isOwnOrigin({ origin, host, isSecure }: Caller): boolean {
  const own = host.toLowerCase();
  const requested = origin.toLowerCase();
  return requested === `https://${own}` || (!isSecure && requested === `http://${own}`);
}

function refuseAnyPage(caller: Caller): AccessRefusal | undefined {
  if (!isOfPage(caller)) return undefined;
  return forbid('ERR_ORIGIN', 'web pages may use the admin API only with a token: set dashboard.token');
}

function forbid(code: AccessRefusal['code'], message: string): AccessRefusal {
  return { status: 403, code, message };
}
