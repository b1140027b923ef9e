import type { HttpRequest, HttpResponse, TemplatedApp } from 'uWebSockets.js';
import type { MaybePromise } from '../ports/maybe-promise.ts';
import type { Log } from '../ports/log.ts';
import { unescapePercent } from '../protocol/query.ts';

/** A request whose body has been read. */
export interface IncomingRequest {
  readonly appId: string;
  /** The channel or the user that the path names, unescaped; empty when it names none. */
  readonly name: string;
  readonly method: string;
  /** As it was sent, escapes and all. */
  readonly path: string;
  /** The same without the configured prefix, where it has it: some libraries sign it so. */
  readonly unprefixedPath: string | undefined;
  readonly rawQuery: string;
  readonly body: Uint8Array;
}

/** An answer, complete. */
export interface OutgoingResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** One route: its pattern in uWebSockets.js' form, `:app` first and the channel or user second if it has them. */
export interface Route {
  readonly method: 'get' | 'post';
  readonly pattern: string;
  handle(request: IncomingRequest): MaybePromise<OutgoingResponse>;
}

/** How HTTP is served. */
export interface HttpOptions {
  readonly log: Log;
  /** One request was answered; `route` is its pattern. */
  readonly answered: (route: string, status: number) => void;
}

/** Requests with a larger body are refused before it is read. */
const maxBodyBytes = 1024 * 1024;

const noBody = Buffer.alloc(0);

const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Payload Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** An answer of one plain line. */
export function plainText(status: number, text: string): OutgoingResponse {
  return { status, contentType: 'text/plain; charset=utf-8', body: text };
}

/** An answer of JSON. */
export function json(body: string, status = 200): OutgoingResponse {
  return { status, contentType: 'application/json', body };
}

/** Serves the routes; everything else is 404. */
export function mountHttp(app: TemplatedApp, routes: readonly Route[], options: HttpOptions): void {
  for (const route of routes) {
    const serve = (res: HttpResponse, req: HttpRequest): void => serveRoute(res, req, route, options);
    if (route.method === 'post') app.post(route.pattern, serve);
    else app.get(route.pattern, serve).head(route.pattern, serve);
  }
  app.any('/*', (res, req) => {
    options.answered('unknown', 404);
    res.onAborted(() => {});
    const method = req.getMethod().toUpperCase();
    const response = plainText(404, `No such route: ${method} ${req.getUrl().slice(0, 200)}`);
    write(res, response, { isHead: method === 'HEAD' });
  });
}

function serveRoute(res: HttpResponse, req: HttpRequest, route: Route, options: HttpOptions): void {
  const method = req.getMethod().toUpperCase();
  // What uWebSockets.js calls the request is valid only in this turn.
  const request = {
    appId: unescapePercent(req.getParameter(0) ?? ''),
    name: unescapePercent(req.getParameter(1) ?? ''),
    method,
    path: req.getUrl(),
    unprefixedPath: undefined,
    // Undefined without a question mark, whatever its type says.
    rawQuery: req.getQuery() ?? '',
    body: noBody,
  };
  let isAborted = false;
  res.onAborted(() => {
    isAborted = true;
  });
  const answer = (response: OutgoingResponse, closes = false): void => {
    options.answered(route.pattern, response.status);
    if (isAborted) return;
    res.cork(() => write(res, response, { isHead: method === 'HEAD', closes }));
  };
  const refuseSize = (): void => {
    isAnswered = true;
    answer(plainText(413, `Request body exceeds the allowed maximum (${maxBodyBytes} bytes)`), true);
  };
  let isAnswered = false;
  if (Number(req.getHeader('content-length')) > maxBodyBytes) return refuseSize();
  let received: Buffer[] = [];
  let receivedBytes = 0;
  res.onData((chunk, isLast) => {
    if (isAnswered) return;
    receivedBytes += chunk.byteLength;
    if (receivedBytes > maxBodyBytes) {
      received = [];
      return refuseSize();
    }
    if (!isLast) {
      // The chunk is neutered when this call returns.
      received.push(Buffer.from(Buffer.from(chunk)));
      return;
    }
    const last = Buffer.from(chunk);
    request.body = received.length === 0 ? last : Buffer.concat([...received, last]);
    isAnswered = true;
    respond(route, request, answer, options.log);
  });
}

function respond(
  route: Route,
  request: IncomingRequest,
  answer: (response: OutgoingResponse) => void,
  log: Log,
): void {
  const fail = (error: unknown): void => {
    log.error({ err: error, route: route.pattern }, 'request failed');
    answer(plainText(500, 'Internal server error'));
  };
  try {
    const response = route.handle(request);
    if (response instanceof Promise) response.then(answer, fail);
    else answer(response);
  } catch (error) {
    fail(error);
  }
}

function write(
  res: HttpResponse,
  { status, contentType, body }: OutgoingResponse,
  { isHead, closes = false }: { isHead: boolean; closes?: boolean },
): void {
  res.writeStatus(`${status} ${reasons[status] ?? 'Unknown'}`);
  res.writeHeader('Content-Type', contentType);
  if (!isHead) return void res.end(body, closes);
  // A body after the head of HEAD would be read as the start of the next answer. The length is written by hand:
  // endWithoutBody with any argument leaves the answer unfinished, which ends the process.
  res.writeHeader('Content-Length', String(Buffer.byteLength(body)));
  res.endWithoutBody();
}
