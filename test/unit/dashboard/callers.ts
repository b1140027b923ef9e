import type { Caller } from '../../../src/auth/caller.ts';
import { createAccess, type Access, type AccessOptions } from '../../../src/dashboard/access.ts';
import { isRefusal } from '../../../src/dashboard/access-refusal.ts';
import { FakeClock } from '../../support/fake-clock.ts';

export const token = 'a-token-of-24-characters';
export const viewToken = 'another-token-to-look-at';

/** A program on this machine. */
const program: Caller = {
  authorization: '',
  origin: '',
  host: '127.0.0.1:6001',
  fetchSite: '',
  cookie: '',
  contentType: '',
  lastEventId: '',
  acceptEncoding: '',
  remoteAddress: '127.0.0.1',
  isSecure: false,
  isLocal: true,
  isForwarded: false,
};

/** A program on this machine, with changes. */
export function aProgram(changes: Partial<Caller> = {}): Caller {
  return { ...program, contentType: 'application/json', ...changes };
}

/** The page of the Dashboard on this machine, as a browser describes it, with changes. */
export function thePage(changes: Partial<Caller> = {}): Caller {
  return aProgram({ fetchSite: 'same-origin', ...changes });
}

/** A remote request that a TLS-terminating proxy forwards. */
export const proxied: Partial<Caller> = {
  host: 'dash.example.com',
  isForwarded: true,
  isSecure: true,
  remoteAddress: '198.51.100.7',
};

/** Access with a fake clock and predictable ids. */
export function accessOf(
  config: Partial<AccessOptions['config']> = {},
  { isProduction = false }: { readonly isProduction?: boolean } = {},
): { readonly access: Access; readonly clock: FakeClock } {
  const clock = new FakeClock(1000);
  let drawn = 0;
  const access = createAccess({
    config: { token: undefined, viewToken: undefined, allowedHosts: [], ...config },
    isProduction,
    clock,
    randomBytes: (count) => new Uint8Array(new Uint32Array(count / 4).fill((drawn += 1)).buffer),
  });
  return { access, clock };
}

/** A short form of an outcome. */
export function inShort(outcome: object): string {
  if (isRefusal(outcome)) return `${outcome.status} ${outcome.code}`;
  return 'role' in outcome && 'who' in outcome ? `${String(outcome.role)} ${String(outcome.who)}` : 'done';
}

/** The `Cookie` that a browser sends after this `Set-Cookie`. */
export function cookieOf(outcome: object): string {
  const text = 'setCookie' in outcome ? String(outcome.setCookie) : '';
  return text.slice(0, text.indexOf(';'));
}
