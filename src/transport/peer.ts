import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { allValues } from './head.ts';
import { clientAddress, createTrust, formatAddress } from './remote-address.ts';

/** Tells who is at the other end of a connection, as far as trusted proxies tell it. */
export interface Peer {
  /** What proxies said of the client, to be read in the request's turn; empty if none is trusted. */
  forwardedFor(req: HttpRequest): string;
  /** The client's address, while the answer is not given. */
  remoteAddress(res: HttpResponse, forwardedFor: string): string;
  /** Whether what the client sends is encrypted, on its way to here or to a trusted proxy. */
  isSecure(res: HttpResponse, req: HttpRequest): boolean;
}

/** Without trusted proxies the headers that they would send are not read. */
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
      // Of several hops the first is the client's.
      const proto = req.getHeader('x-forwarded-proto').split(',')[0]?.trim().toLowerCase();
      return (proto === 'https' || proto === 'wss') && isTrusted(addressOf(res));
    },
  };
}

/** Some proxies add a header of their own to the one that the client sent; `getHeader` finds the client's alone. */
function readForwardedFor(req: HttpRequest): string {
  return allValues(req, 'x-forwarded-for');
}
