import {
  bearerOf,
  isSameToken,
  untrustedReasonOf,
  type Caller,
  type UntrustedReason,
} from '../../auth/caller.ts';

/** Why a caller is refused. */
export interface CallerRefusal {
  readonly status: 401 | 403;
  readonly code: 'ERR_TOKEN' | 'ERR_ORIGIN' | 'ERR_HOST' | 'ERR_FORWARDED';
  readonly message: string;
}

const refusals: Readonly<Record<UntrustedReason, CallerRefusal>> = {
  forwarded: {
    status: 403,
    code: 'ERR_FORWARDED',
    message: 'requests through a proxy need a token for the control API (control.token)',
  },
  page: {
    status: 403,
    code: 'ERR_ORIGIN',
    message: 'web pages need a token for the control API (control.token)',
  },
  host: {
    status: 403,
    code: 'ERR_HOST',
    message:
      'the Host header does not name this machine; use 127.0.0.1 or localhost, or a token (control.token)',
  },
};

/**
 * Why this caller may not use the control API; undefined if it may. With a token, every caller that sends it may. Without one,
 * only programs on this machine may.
 */
export function refuseCaller(caller: Caller, token: string | undefined): CallerRefusal | undefined {
  if (token !== undefined) return refuseToken(caller.authorization, token);
  const reason = untrustedReasonOf(caller);
  return reason && refusals[reason];
}

function refuseToken(authorization: string, token: string): CallerRefusal | undefined {
  if (isSameToken(token, bearerOf(authorization))) return undefined;
  const message = 'expected the header "Authorization: Bearer TOKEN" with the configured control.token';
  return { status: 401, code: 'ERR_TOKEN', message };
}
