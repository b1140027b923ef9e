import type { HttpRequest, TemplatedApp } from 'uWebSockets.js';
import { clip } from '../protocol/clip.ts';
import { allValues } from './head.ts';
import { plainText, type OutgoingResponse } from './http-message.ts';
import { begin, mountOtherMethods, type HttpOptions } from './http.ts';

/** The path at which clients connect, in uWebSockets.js' form. */
export const socketPattern = '/app/:key';

/** The only supported version of the WebSocket protocol (RFC 6455). */
const version = '13';

/**
 * Whether a request is a valid WebSocket handshake. The native library checks only the length of the key, so it would accept
 * `Upgrade: h2c` and any version.
 */
export function isHandshake(req: HttpRequest): boolean {
  return asksForWebSocket(req) && req.getHeader('sec-websocket-version') === version;
}

/** Answers requests for `/app/KEY` that are not handshakes: from health checks, or changed by a proxy. */
export function mountRefusedHandshakes(app: TemplatedApp, options: HttpOptions): void {
  for (const prefix of new Set(['', options.path])) {
    const pattern = prefix + socketPattern;
    app.get(pattern, (res, req) => {
      begin(res, req, { route: socketPattern, method: 'GET' }, options)?.answer(refuse(req));
    });
    app.head(pattern, (res, req) => {
      begin(res, req, { route: socketPattern, method: 'HEAD' }, options)?.answer(refuse(req));
    });
    const methods = ['GET', 'HEAD', 'OPTIONS'];
    mountOtherMethods(app, { prefix, pattern: socketPattern, methods }, options);
  }
}

function refuse(req: HttpRequest): OutgoingResponse {
  const Upgrade = 'websocket';
  const Connection = 'Upgrade';
  if (!asksForWebSocket(req)) {
    const got = `${quoted(allValues(req, 'upgrade'))} and ${quoted(allValues(req, 'connection'))}`;
    return plainText(
      426,
      `WebSockets only: expected the headers 'Upgrade: websocket' and 'Connection: Upgrade', got ${got}. A proxy must forward both`,
      { Upgrade, Connection },
    );
  }
  const given = req.getHeader('sec-websocket-version');
  if (given !== version) {
    const text = `WebSocket version not supported: expected ${version}, got ${quoted(given)}`;
    return plainText(426, text, { Upgrade, Connection, 'Sec-WebSocket-Version': version });
  }
  const key = quoted(req.getHeader('sec-websocket-key'));
  return plainText(400, `Invalid Sec-WebSocket-Key: expected 24 characters of Base64, got ${key}`);
}

function asksForWebSocket(req: HttpRequest): boolean {
  return lists(req, 'upgrade', 'websocket') && lists(req, 'connection', 'upgrade');
}

/** Whether a header contains this value, perhaps in a list, and perhaps in the second of several such headers. */
function lists(req: HttpRequest, name: string, wanted: string): boolean {
  return isListed(req.getHeader(name), wanted) || isListed(allValues(req, name), wanted);
}

function isListed(list: string, wanted: string): boolean {
  const text = list.toLowerCase();
  return text === wanted || text.split(',').some((item) => item.trim() === wanted);
}

function quoted(value: string): string {
  return value === '' ? 'nothing' : `'${clip(value)}'`;
}
