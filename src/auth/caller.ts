import { sign, verify } from './hmac.ts';

/** The sender of a request, as described by its connection and headers. A missing header is empty. */
export interface Caller {
  readonly authorization: string;
  readonly origin: string;
  readonly host: string;
  /** `Sec-Fetch-Site`: how the browser classifies the requesting page. */
  readonly fetchSite: string;
  readonly cookie: string;
  readonly contentType: string;
  /** `Last-Event-ID`: the last event that a client saw before it reconnected to a stream. */
  readonly lastEventId: string;
  readonly acceptEncoding: string;
  /** The client's address, as far as trusted proxies report it. */
  readonly remoteAddress: string;
  /** Whether the request arrived encrypted, at this server or at a trusted proxy that reports it. */
  readonly isSecure: boolean;
  /** Whether the connection comes from this machine. A proxy may have made it. */
  readonly isLocal: boolean;
  /** Whether a proxy states that it forwards the request for another client. */
  readonly isForwarded: boolean;
}

/** Why a caller without a token is not trusted as a program of this machine. */
export type UntrustedReason = 'forwarded' | 'page' | 'host';

/**
 * Why a caller without a token is not trusted as a program of this machine; undefined if it is. The listening address is not
 * enough: a web page can make its own name resolve to it, and a proxy on this machine forwards requests of anyone.
 */
export function untrustedReasonOf(caller: Caller): UntrustedReason | undefined {
  if (caller.isForwarded) return 'forwarded';
  if (isOfPage(caller)) return 'page';
  return namesThisMachine(caller.host) ? undefined : 'host';
}

/** Whether a browser sent the request for a page. A page of the same origin may read: it sends an Origin only when it writes. */
export function isOfPage({ origin, fetchSite }: Caller): boolean {
  return origin !== '' || !['', 'none', 'same-origin'].includes(fetchSite);
}

/** Whether a `Host` header names this machine by a name that nobody else can define. */
export function namesThisMachine(host: string): boolean {
  return /^(?:127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}|\[::1\]|(?:[a-z0-9-]+\.)*localhost)$/.test(
    hostName(host),
  );
}

/** The name in a `Host` header, in lower case and without its port. */
export function hostName(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '');
}

/** The token of an `Authorization: Bearer TOKEN` header; empty if there is none. */
export function bearerOf(authorization: string): string {
  return /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '';
}

/** Whether two tokens are equal, in constant time. */
export function isSameToken(token: string, sent: string): boolean {
  return verify('token', token, sign('token', sent));
}
