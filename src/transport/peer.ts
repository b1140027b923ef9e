import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { allValues } from './head.ts';
import { clientAddress, createTrust, formatAddress } from './remote-address.ts';

/** Determines the client of a connection, as far as trusted proxies report it. */
export interface Peer {
  /** What proxies have reported about the client; empty if none is trusted. Call it in the request's turn. */
  forwardedFor(req: HttpRequest): string;
  /** The client's address. Call it before the response. */
  remoteAddress(res: HttpResponse, forwardedFor: string): string;
  /** Whether the client's data is encrypted, up to this server or to a trusted proxy. */
  isSecure(res: HttpResponse, req: HttpRequest): boolean;
}

/** Without trusted proxies, the headers of proxies are not read. */
export function createPeer(trustedProxies: readonly string[], isTls: boolean): Peer {
  const addressOf = (res: HttpResponse): string => formatAddress(new Uint8Array(res.getRemoteAddress()));
  if (trustedProxies.length === 0) {
    return { forwardedFor: () => '', remoteAddress: addressOf, isSecure: () => isTls };
  }
  const isTrusted = createTrust(trustedProxies);
  return {
    forwardedFor: readForwardedFor,
    remoteAddress: (res, forwardedFor) => clientAddress(addressOf(res), forwardedFor, isTrusted),
    isSecure(res, req) {
      if (isTls) return true;
      // With several hops, the first value is the client's.
      const proto = req.getHeader('x-forwarded-proto').split(',')[0]?.trim().toLowerCase();
      return (proto === 'https' || proto === 'wss') && isTrusted(addressOf(res));
    },
  };
}

/** Some proxies add a second header to the one that the client sent. `getHeader` finds only the client's. */
function readForwardedFor(req: HttpRequest): string {
  return allValues(req, 'x-forwarded-for');
}
