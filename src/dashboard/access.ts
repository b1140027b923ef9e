import type { Role } from '../views/settings.ts';
import { bearerOf, isSameToken, type Caller } from '../auth/caller.ts';
import type { DashboardConfig } from '../config/schema/dashboard.ts';
import type { Clock } from '../ports/clock.ts';
import type { AccessRefusal } from './access-refusal.ts';
import { clearCookie, sessionIdsOf, setCookie } from './cookie.ts';
import { FailedLogins } from './failed-logins.ts';
import { refuseContentType, refuseWay, type AccessApi, type GuardOptions } from './guard.ts';
import { Sessions, type RandomBytes, type LoginSession } from './sessions.ts';

/** What `createAccess` needs. */
export interface AccessOptions {
  readonly config: Pick<DashboardConfig, 'token' | 'viewToken' | 'allowedHosts'>;
  readonly isProduction: boolean;
  /** Real time, even if a test moves the clock of the server. */
  readonly clock: Pick<Clock, 'now'>;
  readonly randomBytes: RandomBytes;
}

/** A request for access. */
export interface AccessRequest {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  readonly api: AccessApi;
  /** A POST that changes nothing and reveals no secret. The view role may make it. */
  readonly isQuestion?: boolean;
}

/** A caller that was admitted. */
export interface AdmittedCaller {
  readonly role: Role;
  /** For the log: `token`, `view token` or `local`. */
  readonly who: string;
}

/** A caller that has logged in. */
export interface LoggedIn extends AdmittedCaller {
  readonly setCookie: string;
}

/** Decides who may use the Dashboard and the admin API. */
export interface Access {
  /** Whether there is a token to log in with. */
  readonly needsLogin: boolean;
  /** Admits a caller that may do this, or returns why not. */
  admit(caller: Caller, request: AccessRequest): AdmittedCaller | AccessRefusal;
  /** Why a login is refused whatever the token is; undefined if a login is possible. */
  refuseLogin(caller: Caller): AccessRefusal | undefined;
  /** Starts a session of the page. */
  login(token: string, caller: Caller): LoggedIn | AccessRefusal;
  /** Ends the session of the page, if there is one. */
  logout(caller: Caller): { readonly setCookie: string } | AccessRefusal;
}

/** Creates the access control that a configuration describes. */
export function createAccess(options: AccessOptions): Access {
  return new ConfiguredAccess(options);
}

const local: AdmittedCaller = { role: 'full', who: 'local' };

class ConfiguredAccess implements Access {
  readonly #config: AccessOptions['config'];
  readonly #guard: GuardOptions;
  readonly #sessions: Sessions;
  readonly #failedLogins: FailedLogins;

  constructor({ config, isProduction, clock, randomBytes }: AccessOptions) {
    this.#config = config;
    const { token, allowedHosts } = config;
    this.#guard = { hasToken: token !== undefined, allowedHosts, isProduction };
    this.#sessions = new Sessions(clock, randomBytes);
    this.#failedLogins = new FailedLogins(clock);
  }

  get needsLogin(): boolean {
    return this.#guard.hasToken;
  }

  admit(caller: Caller, { method, api, isQuestion = false }: AccessRequest): AdmittedCaller | AccessRefusal {
    const refusal = refuseWay(caller, api, this.#guard);
    if (refusal !== undefined) return refusal;
    const admitted = this.#identify(caller, api);
    if (admitted === undefined) return this.#refuseToken(api);
    if (method === 'get') return admitted;
    const roleRefusal = isQuestion ? undefined : refuseRole(admitted);
    return roleRefusal ?? refuseContentType(caller) ?? admitted;
  }

  refuseLogin(caller: Caller): AccessRefusal | undefined {
    const refusal = this.#refusePost(caller);
    if (refusal !== undefined) return refusal;
    if (!this.#guard.hasToken) {
      const message =
        'no token is configured, so there is no login: the Dashboard is open to requests from this machine';
      return { status: 403, code: 'ERR_NO_TOKEN', message };
    }
    const waitMs = this.#failedLogins.waitMs(caller.remoteAddress);
    return waitMs > 0 ? refuseTries(Math.ceil(waitMs / 1000)) : undefined;
  }

  login(token: string, caller: Caller): LoggedIn | AccessRefusal {
    const refusal = this.refuseLogin(caller);
    if (refusal !== undefined) return refusal;
    const { remoteAddress } = caller;
    const session = this.#ownerOf(token);
    if (session === undefined) {
      this.#failedLogins.note(remoteAddress);
      return {
        status: 401,
        code: 'ERR_TOKEN',
        message: 'wrong token; expected the configured dashboard.token or dashboard.viewToken',
      };
    }
    return { ...session, setCookie: setCookie(caller, this.#sessions.open(session)) };
  }

  logout(caller: Caller): { readonly setCookie: string } | AccessRefusal {
    const refusal = this.#refusePost(caller);
    if (refusal !== undefined) return refusal;
    for (const id of sessionIdsOf(caller)) this.#sessions.close(id);
    return { setCookie: clearCookie(caller) };
  }

  #refusePost(caller: Caller): AccessRefusal | undefined {
    return refuseWay(caller, 'dashboard', this.#guard) ?? refuseContentType(caller);
  }

  #identify(caller: Caller, api: AccessApi): AdmittedCaller | undefined {
    if (!this.#guard.hasToken) return local;
    return this.#ownerOf(bearerOf(caller.authorization)) ?? this.#sessionOf(caller, api);
  }

  #sessionOf(caller: Caller, api: AccessApi): LoginSession | undefined {
    if (api === 'admin') return undefined;
    for (const id of sessionIdsOf(caller)) {
      const session = this.#sessions.find(id);
      if (session !== undefined) return session;
    }
    return undefined;
  }

  /** The owner of a token. Both tokens are always compared, so that the time does not reveal which one is closer. */
  #ownerOf(sent: string): LoginSession | undefined {
    const { token, viewToken } = this.#config;
    const isFull = token !== undefined && isSameToken(token, sent);
    const isView = viewToken !== undefined && isSameToken(viewToken, sent);
    if (isFull) return { role: 'full', who: 'token' };
    return isView ? { role: 'view', who: 'view token' } : undefined;
  }

  #refuseToken(api: AccessApi): AccessRefusal {
    const message =
      api === 'admin'
        ? 'expected the header "Authorization: Bearer TOKEN" with the configured dashboard.token or dashboard.viewToken'
        : 'not logged in, or the session has expired; log in with the configured dashboard.token or dashboard.viewToken';
    return { status: 401, code: 'ERR_TOKEN', message };
  }
}

function refuseRole({ role }: AdmittedCaller): AccessRefusal | undefined {
  if (role === 'full') return undefined;
  const message = 'the view token is read-only; to make changes, use the configured dashboard.token';
  return { status: 403, code: 'ERR_ROLE', message };
}

function refuseTries(retryAfterSeconds: number): AccessRefusal {
  const message = `too many wrong tokens; try again in ${retryAfterSeconds} s`;
  return { status: 429, code: 'ERR_TOO_MANY_TRIES', message, retryAfterSeconds };
}
