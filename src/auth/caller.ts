import { sign, verify } from './hmac.ts';

/** Who asks, as far as the connection and the headers of the request tell; empty is a header that is not there. */
export interface Caller {
  readonly authorization: string;
  readonly origin: string;
  readonly host: string;
  /** `Sec-Fetch-Site`: how a browser names the page that asks. */
  readonly fetchSite: string;
  readonly cookie: string;
  readonly contentType: string;
  /** `Last-Event-ID`: what a client that comes back to a stream has seen last. */
  readonly lastEventId: string;
  readonly acceptEncoding: string;
  /** The client's address, as far as trusted proxies tell it. */
  readonly remoteAddress: string;
  /** The request is encrypted on its way to here, or to a trusted proxy that says so. */
  readonly isSecure: boolean;
  /** The connection comes from this machine; a proxy may have made it. */
  readonly isLocal: boolean;
  /** A proxy says that it passes the request on for somebody else. */
  readonly isForwarded: boolean;
}

/** Why a caller who shows no token is not taken for a program of this machine. */
export type Stranger = 'forwarded' | 'page' | 'host';

/**
 * Why a caller who shows no token is not taken for a program of this machine; undefined if it is one. The address that
 * is listened on does not tell, because a web page can have its own name resolve to it, and a proxy of this machine
 * passes on what strangers ask.
 */
export function strangerOf(caller: Caller): Stranger | undefined {
  if (caller.isForwarded) return 'forwarded';
  if (isOfPage(caller)) return 'page';
  return namesThisMachine(caller.host) ? undefined : 'host';
}

/** Whether a browser says that a page asks. One of the same origin may: it has no Origin only where it reads. */
export function isOfPage({ origin, fetchSite }: Caller): boolean {
  return origin !== '' || !['', 'none', 'same-origin'].includes(fetchSite);
}

/** Whether a `Host` header names this machine in a way that nobody else can define. */
export function namesThisMachine(host: string): boolean {
  return /^(?:127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}|\[::1\]|(?:[a-z0-9-]+\.)*localhost)$/.test(
    hostName(host),
  );
}

/** The name in a `Host` header, in lower case and without its port. */
export function hostName(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '');
}

/** The token of an `Authorization: Bearer TOKEN`; empty if there is none. */
export function bearerOf(authorization: string): string {
  return /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '';
}

/** Whether two tokens are equal. The time taken does not tell how near a wrong one is. */
export function isSameToken(token: string, sent: string): boolean {
  return verify('token', token, sign('token', sent));
}
