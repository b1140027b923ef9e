import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { noContent, type OutgoingResponse } from './http-message.ts';

/** For how long a browser may remember what it was allowed; each has an upper bound of its own. */
const maxAgeSeconds = 86_400;

/** What only operators read, who are no page, or are on the Dashboard's own. */
const unreadable = /^\/(?:metrics|healthz|(?:dashboard|admin)(?:\/.*)?)$/;

/**
 * Whether every page may read what a route answers. Signatures, not origins, say who may use the API, and cookies play
 * no part; but in the Dashboard they do.
 */
export function isReadable(route: string): boolean {
  return !unreadable.test(route);
}

/** Lets every page read the answer. */
export function allowOrigin(res: HttpResponse): void {
  res.writeHeader('Access-Control-Allow-Origin', '*');
  res.writeHeader('Access-Control-Expose-Headers', 'X-Request-Id, Retry-After');
}

/**
 * What OPTIONS is answered for a route that takes these methods. To a browser that asks beforehand every header
 * is allowed by its name: `*` does not cover Authorization, and older ones do not know it.
 */
export function answerOptions(req: HttpRequest, route: string, methods: readonly string[]): OutgoingResponse {
  const Allow = methods.join(', ');
  const isAsked = req.getHeader('access-control-request-method') !== '';
  if (!isAsked || !isReadable(route)) return noContent({ Allow });
  const headers = req.getHeader('access-control-request-headers');
  return noContent({
    Allow,
    'Access-Control-Allow-Methods': Allow,
    'Access-Control-Allow-Headers': headers === '' ? '*, Authorization' : headers,
    'Access-Control-Max-Age': String(maxAgeSeconds),
  });
}
