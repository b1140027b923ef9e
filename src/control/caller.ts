import { sign, verify } from '../auth/hmac.ts';

/** Who asks, as far as the headers of the request tell; empty is a header that is not there. */
export interface Caller {
  readonly authorization: string;
  readonly origin: string;
  readonly host: string;
  /** `Sec-Fetch-Site`: how a browser names the page that asks. */
  readonly fetchSite: string;
  /** A proxy says that it passes the request on for somebody else. */
  readonly isForwarded: boolean;
}

/** Why a caller is refused. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly code: 'ERR_TOKEN' | 'ERR_ORIGIN' | 'ERR_HOST' | 'ERR_FORWARDED';
  readonly message: string;
}

/**
 * Why this caller may not use the control API; undefined if it may. With a token, whoever has it may. Without one,
 * only programs of this machine may: the address that is listened on does not tell, because a web page can have its
 * own name resolve to it, and a proxy of this machine passes on what strangers ask.
 */
export function refuseCaller(caller: Caller, token: string | undefined): Refusal | undefined {
  if (token !== undefined) return refuseToken(caller.authorization, token);
  if (caller.isForwarded) {
    return refuse(
      'ERR_FORWARDED',
      'requests that a proxy passes on may use the control API only with a token (control.token)',
    );
  }
  const isOfPage = !['', 'none', 'same-origin'].includes(caller.fetchSite);
  if (caller.origin !== '' || isOfPage) {
    return refuse('ERR_ORIGIN', 'web pages may use the control API only with a token (control.token)');
  }
  if (!isThisMachine(caller.host)) {
    const message =
      'the request names another host than this machine; ask for 127.0.0.1 or localhost, or use a token (control.token)';
    return refuse('ERR_HOST', message);
  }
  return undefined;
}

function refuseToken(authorization: string, token: string): Refusal | undefined {
  const sent = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '';
  if (verify('control', token, sign('control', sent))) return undefined;
  const message = 'expected the header "Authorization: Bearer TOKEN" with the configured control.token';
  return { status: 401, code: 'ERR_TOKEN', message };
}

function refuse(code: Refusal['code'], message: string): Refusal {
  return { status: 403, code, message };
}

/** Whether a `Host` header names this machine in a way that nobody else can define. */
function isThisMachine(host: string): boolean {
  const name = host.toLowerCase().replace(/:\d*$/, '');
  return /^(?:127(?:\.\d{1,3}){3}|\[::1\]|(?:[^.]+\.)*localhost)$/.test(name);
}
