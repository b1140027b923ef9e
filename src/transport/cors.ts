import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { noContent, type OutgoingResponse } from './http-message.ts';

/** How long a browser may cache permissions. Each browser has an upper bound of its own. */
const maxAgeSeconds = 86_400;

/** Routes for operators, whose responses other pages must not read. */
const unreadable = /^\/(?:metrics|healthz|(?:dashboard|admin)(?:\/.*)?)$/;

/**
 * Whether every page may read the responses of a route. Access to the API depends on signatures, not on origins or cookies.
 * The Dashboard uses cookies, so its routes are excluded.
 */
export function isReadable(route: string): boolean {
  return !unreadable.test(route);
}

/** Lets every page read the response. */
export function allowOrigin(res: HttpResponse): void {
  res.writeHeader('Access-Control-Allow-Origin', '*');
  res.writeHeader('Access-Control-Expose-Headers', 'X-Request-Id, Retry-After');
}

/**
 * The response to OPTIONS for a route with these methods. A preflight request is allowed every header by its name, because `*`
 * does not cover Authorization, and older browsers do not support it.
 */
export function answerOptions(req: HttpRequest, route: string, methods: readonly string[]): OutgoingResponse {
  const Allow = methods.join(', ');
  const isPreflight = req.getHeader('access-control-request-method') !== '';
  if (!isPreflight || !isReadable(route)) return noContent({ Allow });
  const headers = req.getHeader('access-control-request-headers');
  return noContent({
    Allow,
    'Access-Control-Allow-Methods': Allow,
    'Access-Control-Allow-Headers': headers === '' ? '*, Authorization' : headers,
    'Access-Control-Max-Age': String(maxAgeSeconds),
  });
}
