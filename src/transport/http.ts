import type { HttpRequest, HttpResponse, TemplatedApp } from 'uWebSockets.js';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import { unescapePercent } from '../protocol/query.ts';
import { answerOptions } from './cors.ts';
import { Exchange, type ExchangeOptions } from './exchange.ts';
import { plainText, type Caller, type IncomingRequest, type OutgoingResponse } from './http-message.ts';

/** One route: its pattern in uWebSockets.js' form, `:app` first and the channel or user second if it has them. */
export interface Route {
  readonly method: 'get' | 'post' | 'delete';
  readonly pattern: string;
  /** Served on the port for metrics if there is one, and then nowhere else. */
  readonly isMetrics?: true;
  /** The route asks who the caller is: `caller` of the request is set. */
  readonly readsCaller?: true;
  handle(request: IncomingRequest): MaybePromise<OutgoingResponse>;
}

/** How HTTP is served. */
export interface HttpOptions extends ExchangeOptions {
  /** What may stand before every path: empty, or `/prefix`. */
  readonly path: string;
  /** Requests to an app with a larger body are refused before it is read; the id may be of none. */
  readonly bodyBytes: (appId: string) => number;
}

/** A route under one prefix, and how it was asked for. */
interface Place {
  readonly handle: Route['handle'];
  readonly route: string;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  readonly readsCaller: boolean;
  readonly prefixLength: number;
  readonly parameters: number;
}

/**
 * So much more than the bound of a body is still read, for so long, and thrown away: most clients send all of it before
 * they read the answer, and would report nothing but a broken connection.
 */
const maxDrainBytes = 64 * 1024 * 1024;
const maxDrainMs = 10_000;

const noBody = Buffer.alloc(0);

/** Serves the routes, with the prefix and without; another method is 405, and everything else 404. */
export function mountHttp(app: TemplatedApp, routes: readonly Route[], options: HttpOptions): void {
  for (const prefix of new Set(['', options.path])) {
    for (const route of routes) mountRoute(app, route, prefix, options);
    for (const pattern of new Set(routes.map((route) => route.pattern))) {
      const methods = methodsOf(routes.filter((route) => route.pattern === pattern));
      mountOtherMethods(app, { prefix, pattern, methods }, options);
    }
  }
  app.any('/*', (res, req) => {
    const exchange = begin(res, req, { route: 'unknown', method: methodOf(req) }, options);
    exchange?.answer(plainText(404, `No such route: ${methodOf(req)} ${req.getUrl().slice(0, 200)}`));
  });
}

function mountRoute(app: TemplatedApp, route: Route, prefix: string, options: HttpOptions): void {
  const pattern = prefix + route.pattern;
  const serveAs = (method: Place['method']) => {
    const place = {
      handle: (request: IncomingRequest) => route.handle(request),
      route: route.pattern,
      method,
      readsCaller: route.readsCaller === true,
      prefixLength: prefix.length,
      parameters: route.pattern.split(':').length - 1,
    };
    return (res: HttpResponse, req: HttpRequest): void => serve(res, req, place, options);
  };
  if (route.method === 'post') app.post(pattern, serveAs('POST'));
  else if (route.method === 'delete') app.del(pattern, serveAs('DELETE'));
  else app.get(pattern, serveAs('GET')).head(pattern, serveAs('HEAD'));
}

function methodsOf(routes: readonly Route[]): readonly string[] {
  const served = routes.flatMap(({ method }) =>
    method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()],
  );
  return [...served, 'OPTIONS'];
}

/** Serves OPTIONS for a path; any other method is told which are accepted. */
export function mountOtherMethods(
  app: TemplatedApp,
  { prefix, pattern, methods }: { prefix: string; pattern: string; methods: readonly string[] },
  options: HttpOptions,
): void {
  app.options(prefix + pattern, (res, req) => {
    const exchange = begin(res, req, { route: pattern, method: 'OPTIONS' }, options);
    exchange?.answer(answerOptions(req, methods));
  });
  app.any(prefix + pattern, (res, req) => {
    const method = methodOf(req);
    const exchange = begin(res, req, { route: pattern, method }, options);
    const accepted = methods.join(', ');
    const text = `Method not allowed: got ${method}, accepted are ${accepted}`;
    exchange?.answer(plainText(405, text, { Allow: accepted }));
  });
}

/** Whatever stands there, it is a short word. */
function methodOf(req: HttpRequest): string {
  return req.getMethod().slice(0, 32).toUpperCase();
}

/** The exchange of a request; undefined if it is not certain where the request ends, which is then refused here. */
export function begin(
  res: HttpResponse,
  req: HttpRequest,
  place: { readonly route: string; readonly method: string },
  options: HttpOptions,
): Exchange | undefined {
  const exchange = new Exchange(res, req, place, options);
  const { fault } = exchange.head;
  if (fault === undefined) return exchange;
  exchange.refuseUncertain(fault);
  return undefined;
}

function serve(res: HttpResponse, req: HttpRequest, place: Place, options: HttpOptions): void {
  const exchange = begin(res, req, place, options);
  if (exchange === undefined) return;
  const path = req.getUrl();
  // What uWebSockets.js calls the request is valid only in this turn.
  const request = {
    appId: parameter(req, place, 0),
    name: parameter(req, place, 1),
    method: place.method,
    path,
    unprefixedPath: place.prefixLength === 0 ? undefined : path.slice(place.prefixLength),
    // Undefined without a question mark, whatever its type says.
    rawQuery: req.getQuery() ?? '',
    body: noBody,
    ...(place.readsCaller && { caller: readCaller(req) }),
  };
  exchange.appId = request.appId;
  const maxBodyBytes = options.bodyBytes(request.appId);
  const { contentLength, asksForEnd } = exchange.head;
  const isBeyondDrain = contentLength > maxBodyBytes + maxDrainBytes;
  // Without a handler for it, the native parser reads the body and throws it away, for 10 s at most. Where the client
  // wants the connection closed after the answer, that would cut off the body: it is read below, before the answer.
  if (isBeyondDrain || (contentLength > maxBodyBytes && !asksForEnd)) {
    return refuseSize(exchange, maxBodyBytes, isBeyondDrain);
  }
  let received: Buffer[] = [];
  res.onData((chunk, isLast) => {
    if (exchange.isAnswered) return;
    exchange.receivedBytes += chunk.byteLength;
    if (exchange.receivedBytes > maxBodyBytes) {
      received = [];
      const isGivenUp = exchange.receivedBytes > maxBodyBytes + maxDrainBytes || exchange.ageMs > maxDrainMs;
      if (isLast || isGivenUp) refuseSize(exchange, maxBodyBytes, !isLast);
      return;
    }
    if (!isLast) {
      // The chunk is neutered when this call returns.
      received.push(Buffer.from(Buffer.from(chunk)));
      return;
    }
    const last = Buffer.from(chunk);
    request.body = received.length === 0 ? last : Buffer.concat([...received, last]);
    respond(place, request, exchange);
  });
}

/** What proxies add to a request that they pass on. */
const proxyHeaders: readonly string[] = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
];

function readCaller(req: HttpRequest): Caller {
  return {
    authorization: req.getHeader('authorization'),
    origin: req.getHeader('origin'),
    host: req.getHeader('host'),
    fetchSite: req.getHeader('sec-fetch-site'),
    isForwarded: proxyHeaders.some((name) => req.getHeader(name) !== ''),
  };
}

function parameter(req: HttpRequest, { parameters }: Place, index: number): string {
  return index < parameters ? unescapePercent(req.getParameter(index)) : '';
}

function refuseSize(exchange: Exchange, maxBodyBytes: number, closes: boolean): void {
  exchange.answer(plainText(413, `Request body exceeds the allowed maximum (${maxBodyBytes} bytes)`), closes);
}

function respond(place: Place, request: IncomingRequest, exchange: Exchange): void {
  try {
    const response = place.handle(request);
    if (!(response instanceof Promise)) return exchange.answer(response);
    exchange.postpone();
    response.then(
      (settled) => exchange.answer(settled),
      (error: unknown) => exchange.fail(error),
    );
  } catch (error) {
    exchange.fail(error);
  }
}
