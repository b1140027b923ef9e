import type { Clock } from '../ports/clock.ts';
import type { Outcome, PostSender, Post } from '../ports/webhook-sender.ts';
import { Attempt } from './attempt.ts';
import type { Place } from './connection.ts';
import { Connections } from './connections.ts';
import { Names } from './names.ts';
import { OpenAnswers } from './open-answers.ts';

/** How the sender is made. */
export interface SenderOptions {
  /** That of the time-out. */
  readonly clock: Clock;
  /**
   * By this one bodies that do not end are given up, and look-ups of names; it must go by itself: nobody moves time on for their
   * sake. Default: the same.
   */
  readonly socketClock?: Clock;
  /** Whether connections are kept for the next POST; else each ends with its attempt. Default: they are. */
  readonly keepsConnections?: boolean;
  /** How long attempts may take: their look-ups take less. Default: 4 s. */
  readonly requestTimeoutMs?: number;
  /** Beyond so many connections, those that wait for their next POST are closed for new ones. Default: no bound. */
  readonly mostConnections?: number;
  /** Default: made for it. */
  readonly names?: Names | undefined;
}

/** URLs are configured, few, and seldom change; to read one takes as long as the rest of a request. */
const rememberedPlaces = 1000;

/** What must not stand in the name or value of a header. */
const notInHeader = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * Sends webhooks by HTTP/1.1, through connections of its own: what a POST and its answer need of the protocol is little, and a
 * client that can do everything takes longer to load than a thousand POSTs to make. Redirects are not followed.
 */
export function createSender({
  clock,
  socketClock = clock,
  keepsConnections = true,
  requestTimeoutMs = 4000,
  mostConnections = Infinity,
  names = new Names({ clock: socketClock, timeoutMs: (requestTimeoutMs * 3) / 4 }),
}: SenderOptions): PostSender {
  const connections = new Connections({ names, keeps: keepsConnections, most: mostConnections });
  const openAnswers = new OpenAnswers(socketClock, mostConnections / 2);
  const places = new Map<string, Place>();
  let isClosed = false;

  function placeOf(url: string): Place | undefined {
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
        const attempt = new Attempt({ clock, timeoutMs, openAnswers, settle: resolve });
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

function readPlace({ protocol, hostname, port, host, origin, pathname, search }: URL, keeps: boolean): Place {
  const isTls = protocol === 'https:';
  return {
    origin,
    isTls,
    host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: port === '' ? (isTls ? 443 : 80) : Number(port),
    requestLines: `POST ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nConnection: ${keeps ? 'keep-alive' : 'close'}\r\n`,
  };
}

/** The bytes of a request; undefined: a header has a character that none may have. */
function encode(
  { requestLines }: Place,
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
