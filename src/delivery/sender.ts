import type { Clock } from '../ports/clock.ts';
import type { Outcome, PostSender, Post } from '../ports/webhook-sender.ts';
import { HttpAttempt } from './attempt.ts';
import type { RequestTarget } from './connection.ts';
import { ConnectionPool } from './connections.ts';
import { Names } from './names.ts';
import { OpenAnswers } from './open-answers.ts';

/** The dependencies and settings of a sender. */
export interface SenderOptions {
  /** The clock for the time-out. */
  readonly clock: Clock;
  /**
   * The clock that limits unfinished bodies and look-ups. It must run by itself, because nothing advances a test's clock for
   * them. Default: the same clock.
   */
  readonly socketClock?: Clock;
  /** Whether connections are kept for the next POST. Otherwise each is closed after its attempt. Default: true. */
  readonly keepsConnections?: boolean;
  /** The time-out of an attempt in milliseconds. Look-ups have a shorter one. Default: 4 s. */
  readonly requestTimeoutMs?: number;
  /** Above this number of connections, idle ones are closed for new ones. Default: no bound. */
  readonly mostConnections?: number;
  /** Default: created for this sender. */
  readonly names?: Names | undefined;
}

/** URLs are configured, few, and rarely change. Parsing one takes as long as the rest of a request. */
const rememberedPlaces = 1000;

/** Characters that must not occur in the name or value of a header. */
const notInHeader = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * Sends webhooks over HTTP/1.1 with connections of its own. A POST and its response need little of the protocol, and a general
 * client takes longer to load than a thousand POSTs take. It does not follow redirects.
 */
export function createSender({
  clock,
  socketClock = clock,
  keepsConnections = true,
  requestTimeoutMs = 4000,
  mostConnections = Infinity,
  names = new Names({ clock: socketClock, timeoutMs: (requestTimeoutMs * 3) / 4 }),
}: SenderOptions): PostSender {
  const connections = new ConnectionPool({
    names,
    // Node would wait only 250 ms, and a distant endpoint, or one whose first packet was lost, could never be reached.
    addressTimeoutMs: Math.ceil(requestTimeoutMs / 4),
    keeps: keepsConnections,
    most: mostConnections,
  });
  const openAnswers = new OpenAnswers(socketClock, mostConnections / 2);
  const places = new Map<string, RequestTarget>();
  let isClosed = false;

  function placeOf(url: string): RequestTarget | undefined {
    let place = places.get(url);
    if (place === undefined && /^https?:/i.test(url) && URL.canParse(url)) {
      place = readPlace(new URL(url), keepsConnections);
      if (places.size >= rememberedPlaces) places.clear();
      places.set(url, place);
    }
    return place;
  }

  return {
    send({ url, headers, body, publicOnly = false }: Post, timeoutMs: number): Promise<Outcome> {
      return new Promise((resolve) => {
        const unreachable = (code: string): void => resolve({ kind: 'unreachable', code });
        if (isClosed) return unreachable('CLOSED');
        const place = placeOf(url);
        if (place === undefined) return unreachable('ERR_INVALID_URL');
        const request = encode(place, headers, body);
        if (request === undefined) return unreachable('ERR_INVALID_CHAR');
        const attempt = new HttpAttempt({ clock, timeoutMs, openAnswers, settle: resolve });
        connections.send(request, { place, attempt, publicOnly });
      });
    },
    async close() {
      isClosed = true;
      names.close();
      connections.close();
    },
  };
}

function readPlace(
  { protocol, hostname, port, host, origin, pathname, search }: URL,
  keeps: boolean,
): RequestTarget {
  const isTls = protocol === 'https:';
  return {
    origin,
    isTls,
    host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: port === '' ? (isTls ? 443 : 80) : Number(port),
    requestLines: `POST ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nConnection: ${keeps ? 'keep-alive' : 'close'}\r\n`,
  };
}

/** The bytes of a request; undefined if a header contains a forbidden character. */
function encode(
  { requestLines }: RequestTarget,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): Uint8Array | undefined {
  let head = requestLines;
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (notInHeader.test(value)) return undefined;
    head += `${name}: ${value}\r\n`;
  }
  head += `Content-Length: ${body.byteLength}\r\n\r\n`;
  const request = Buffer.allocUnsafe(head.length + body.byteLength);
  request.write(head, 'latin1');
  request.set(body, head.length);
  return request;
}
