import type { HttpRequest, HttpResponse, TemplatedApp } from 'uWebSockets.js';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import { unescapePercent } from '../protocol/query.ts';
import { maxDrainBytes, readBody, refuseSize, type BodyRoom } from './body.ts';
import { isFromHere, readCaller } from './caller.ts';
import { answerOptions } from './cors.ts';
import { Exchange, type ExchangeOptions } from './exchange.ts';
import {
  plainText,
  type HttpAnswer,
  type IncomingRequest,
  type OutgoingResponse,
  type RequestHead,
} from './http-message.ts';

/** Handles a request that has been read completely. */
export type Handle = (request: IncomingRequest) => MaybePromise<HttpAnswer>;

/** One route: its pattern in uWebSockets.js' form. The first parameter must be `:app`, the second becomes `name`. */
export type Route = RouteBase &
  (
    | { readonly handle: Handle }
    /** Responds by the head alone, before the body is read, or returns the handler for the complete request. */
    | { readonly begin: (head: RequestHead) => OutgoingResponse | Handle }
  );

/** What can have a port of its own. */
export type PortName = 'metrics' | 'dashboard';

interface RouteBase {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  readonly pattern: string;
  /** Served only on the port for this, if there is one. */
  readonly port?: PortName;
  /** Whether the route needs `caller` of the request. */
  readonly readsCaller?: true;
  /** Whether the sender is known only after the body was read. Such bodies must not take the memory of others. */
  readonly readsUnauthenticated?: true;
  /** Whether the work for a request must stop when the client disconnects. `gone` of the request signals that. */
  readonly endsWithClient?: true;
  /** A larger body is refused before it is read, regardless of the other limits. */
  readonly maxBodyBytes?: number;
}

/** The first step of a route, of either kind. */
export function beginningOf(route: Route): (head: RequestHead) => OutgoingResponse | Handle {
  return 'begin' in route ? (head) => route.begin(head) : () => (request) => route.handle(request);
}

/** How HTTP is served. */
export interface HttpOptions extends ExchangeOptions {
  /** A prefix that is accepted before every path: empty, or `/prefix`. */
  readonly path: string;
  /** The maximum size of a body for an app; larger ones are refused before they are read. The app may not exist. */
  readonly bodyBytes: (appId: string) => number;
  readonly bodyRoom: BodyRoom;
  /** The memory for bodies of unauthenticated requests. */
  readonly unauthenticatedRoom: BodyRoom;
  /** Whether metrics are only for callers on this machine. */
  readonly metricsAreLocal: boolean;
}

/** A route under one prefix and for one method. */
interface Place {
  readonly begin: ReturnType<typeof beginningOf>;
  readonly route: string;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly readsCaller: boolean;
  readonly isLocal: boolean;
  readonly keepsBody: boolean;
  readonly endsWithClient: boolean;
  readonly room: BodyRoom;
  readonly maxBodyBytes: number;
  readonly prefixLength: number;
  readonly parameters: number;
}

/** The maximum size of the target and the headers of a request together. */
const maxHeadBytes = 16 * 1024;

const noBody: Uint8Array = Buffer.alloc(0);

/** Serves the routes, with the prefix and without. Other methods get 405, all other paths 404. */
export function mountHttp(app: TemplatedApp, routes: readonly Route[], options: HttpOptions): void {
  const methodsByPattern = new Map<string, string[]>();
  for (const { pattern, method } of routes) {
    const methods = methodsByPattern.get(pattern) ?? [];
    methods.push(...(method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
    methodsByPattern.set(pattern, methods);
  }
  for (const prefix of new Set(['', options.path])) {
    for (const route of routes) mountRoute(app, route, prefix, options);
    for (const [pattern, methods] of methodsByPattern) {
      mountOtherMethods(app, { prefix, pattern, methods: [...methods, 'OPTIONS'] }, options);
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
      begin: beginningOf(route),
      route: route.pattern,
      method,
      readsCaller: route.readsCaller === true,
      isLocal: route.port === 'metrics' && options.metricsAreLocal,
      // The body of any other GET is not signed and not read.
      keepsBody: !('handle' in route) || route.method !== 'get',
      endsWithClient: route.endsWithClient === true,
      room: route.readsUnauthenticated === true ? options.unauthenticatedRoom : options.bodyRoom,
      maxBodyBytes: route.maxBodyBytes ?? Infinity,
      prefixLength: prefix.length,
      parameters: route.pattern.split(':').length - 1,
    };
    return (res: HttpResponse, req: HttpRequest): void => serve(res, req, place, options);
  };
  switch (route.method) {
    case 'get':
      app.get(pattern, serveAs('GET')).head(pattern, serveAs('HEAD'));
      break;
    case 'post':
      app.post(pattern, serveAs('POST'));
      break;
    case 'put':
      app.put(pattern, serveAs('PUT'));
      break;
    case 'delete':
      app.del(pattern, serveAs('DELETE'));
      break;
  }
}

/** Serves OPTIONS for a path. Other methods get a 405 with the accepted ones. */
export function mountOtherMethods(
  app: TemplatedApp,
  { prefix, pattern, methods }: { prefix: string; pattern: string; methods: readonly string[] },
  options: HttpOptions,
): void {
  app.options(prefix + pattern, (res, req) => {
    const exchange = begin(res, req, { route: pattern, method: 'OPTIONS' }, options);
    exchange?.answer(answerOptions(req, pattern, methods));
  });
  app.any(prefix + pattern, (res, req) => {
    const method = methodOf(req);
    const exchange = begin(res, req, { route: pattern, method }, options);
    const accepted = methods.join(', ');
    const text = `Method not allowed: got ${method}, expected one of ${accepted}`;
    exchange?.answer(plainText(405, text, { Allow: accepted }));
  });
}

/** The method as it was sent, because its case matters; shortened in case the client sent a long one. */
function methodOf(req: HttpRequest): string {
  return req.getCaseSensitiveMethod().slice(0, 32);
}

/** The exchange of a request; undefined if the end of the request is uncertain, which is refused here. */
export function begin(
  res: HttpResponse,
  req: HttpRequest,
  place: { readonly route: string; readonly method: string },
  options: HttpOptions,
): Exchange | undefined {
  const exchange = new Exchange(res, req, place, options);
  const fault = exchange.head.faultOf(place.method);
  if (fault !== undefined) {
    exchange.refuseUncertain(fault);
    return undefined;
  }
  if (exchange.head.bytes <= maxHeadBytes) return exchange;
  refuseHead(exchange);
  return undefined;
}

function refuseHead(exchange: Exchange): void {
  const text = `Request target and header fields exceed the allowed maximum (${maxHeadBytes} bytes)`;
  exchange.answer(plainText(431, text), true);
}

function serve(res: HttpResponse, req: HttpRequest, place: Place, options: HttpOptions): void {
  const exchange = begin(res, req, place, options);
  if (exchange === undefined) return;
  const path = req.getUrl();
  // It is undefined without a question mark, despite its type.
  const rawQuery = req.getQuery() ?? '';
  if (exchange.head.bytes + path.length + rawQuery.length > maxHeadBytes) return refuseHead(exchange);
  // The request object of uWebSockets.js is valid only in this turn.
  const request = {
    appId: parameter(req, place, 0),
    name: parameter(req, place, 1),
    method: place.method,
    path,
    unprefixedPath: place.prefixLength === 0 ? undefined : path.slice(place.prefixLength),
    rawQuery,
    body: noBody,
    ...(place.readsCaller && { caller: readCaller(res, req, options.peer) }),
  };
  exchange.appId = request.appId;
  if (place.isLocal && !isFromHere(res, req)) return exchange.answer(metricsElsewhere);
  const maxBytes = Math.min(options.bodyBytes(request.appId), place.maxBodyBytes);
  const { contentLength, asksForEnd } = exchange.head;
  const isBeyondDrain = contentLength > maxBytes + maxDrainBytes;
  // Without a handler for it, the native parser reads and discards a body, for at most 12 s. If the client wants the
  // connection closed after the response, that would cut off the body. Then it is read below, before the response.
  if (isBeyondDrain || (contentLength > maxBytes && !asksForEnd)) {
    return refuseSize(exchange, maxBytes, isBeyondDrain);
  }
  const begun = attempt(exchange, () => place.begin(request));
  if (begun === undefined) return;
  if (typeof begun !== 'function') return exchange.answer(begun);
  const body = { room: place.room, maxBytes, isKept: place.keepsBody };
  readBody(res, exchange, body, (bytes) => {
    request.body = bytes;
    if (place.endsWithClient) respond(begun, { ...request, gone: exchange.watchClient() }, exchange);
    else respond(begun, request, exchange);
  });
}

const metricsElsewhere = plainText(
  403,
  'Metrics are only served to this machine: give them a port of their own (metrics.port), or set publicMetrics',
);

function parameter(req: HttpRequest, { parameters }: Place, index: number): string {
  return index < parameters ? unescapePercent(req.getParameter(index)) : '';
}

function respond(handle: Handle, request: IncomingRequest, exchange: Exchange): void {
  const response = attempt(exchange, () => handle(request));
  if (response === undefined) return;
  if (!(response instanceof Promise)) return exchange.answer(response);
  exchange.postpone();
  response.then(
    (settled) => exchange.answer(settled),
    (error: unknown) => exchange.fail(error),
  );
}

/** The result of the program's code. Undefined if it failed; the request has been answered then. */
function attempt<Result>(exchange: Exchange, run: () => Result): Result | undefined {
  try {
    return run();
  } catch (error) {
    exchange.fail(error);
    return undefined;
  }
}
