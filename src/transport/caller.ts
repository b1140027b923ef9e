import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import type { Caller } from '../auth/caller.ts';
import type { Peer } from './peer.ts';
import { isLoopbackPeer } from './remote-address.ts';

/** Reads the sender of a request. The request is valid only in its own turn. */
export function readCaller(res: HttpResponse, req: HttpRequest, peer: Peer): Caller {
  return {
    authorization: req.getHeader('authorization'),
    origin: req.getHeader('origin'),
    host: req.getHeader('host'),
    fetchSite: req.getHeader('sec-fetch-site'),
    cookie: req.getHeader('cookie'),
    contentType: req.getHeader('content-type'),
    lastEventId: req.getHeader('last-event-id'),
    acceptEncoding: req.getHeader('accept-encoding'),
    remoteAddress: peer.remoteAddress(res, peer.forwardedFor(req)),
    isSecure: peer.isSecure(res, req),
    isLocal: isLocal(res),
    isForwarded: isForwarded(req),
  };
}

/** Whether the caller is on this machine, and does not forward the request of another client. */
export function isFromHere(res: HttpResponse, req: HttpRequest): boolean {
  return isLocal(res) && !isForwarded(req);
}

function isLocal(res: HttpResponse): boolean {
  return isLoopbackPeer(new Uint8Array(res.getRemoteAddress()));
}

/** The headers that proxies and networks add to forwarded requests. */
const addedByProxies =
  /^(?:forwarded|via|x-forwarded.*|x-original-.*|x-real-ip|x-envoy-.*|.*-client-ip|.*-clientip|cf-.*|cdn-loop|x-cluster-.*)$/;

/** `getHeader` finds only the first of several equal headers, which a client may have sent empty. */
function isForwarded(req: HttpRequest): boolean {
  let isFound = false;
  req.forEach((name) => {
    if (addedByProxies.test(name)) isFound = true;
  });
  return isFound;
}
