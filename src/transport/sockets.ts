import type { Greeting } from '../ports/greeting.ts';
import { setImmediate } from '../system/real.ts';
import type {
  CompressOptions,
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  us_socket_context_t,
  WebSocket,
  WebSocketBehavior,
} from 'uWebSockets.js';
import type { Refusals } from '../ports/refusals.ts';
import type { Socket } from '../ports/socket.ts';
import { encodeError } from '../protocol/encode.ts';
import { loggedError, pathNotFound } from '../protocol/errors.ts';
import { unescapePercent } from '../protocol/query.ts';
import { isHandshake, socketPattern } from './handshake.ts';
import type { Peer } from './peer.ts';
import type { Reader, UnreadWatch } from './unread.ts';
import { endWith, UwsSocket, type SocketHost } from './uws-socket.ts';

/** The use cases of a socket, as the transport calls them. `S` is their representation of a connection. */
export interface SocketCommands<S> {
  open(socket: Socket, greeting: Greeting): S | undefined;
  /** Called for every frame with its decompressed size. If it returns false, the frame is dropped and the client has been sent an error. */
  accepts(session: S, bytes: number): boolean;
  receive(session: S, text: string): void;
  receiveBinary(session: S): void;
  /** A frame was so large, or so badly compressed, that the connection was closed before it was read. */
  tooLarge(session: S): void;
  tooSlow(session: S): void;
  closed(session: S): void;
}

/** How sockets are served. */
export interface SocketOptions extends SocketHost, Refusals {
  /** A prefix that is accepted before the path: empty, or `/prefix`. */
  readonly path: string;
  /** A larger frame is not received at all: the connection is closed. */
  readonly frameCeilingBytes: number;
  readonly compression: CompressOptions;
  readonly peer: Peer;
  readonly unread: UnreadWatch;
  readonly opened: () => void;
  readonly closed: () => void;
  /** The connection of a socket has ended, whether it was served or not. */
  readonly disconnected: () => void;
}

/** The user data of the native socket. It is copied, so it must not have methods. */
interface Carried<S> {
  /** Set until the socket is open, and then removed to save memory. */
  greeting: Greeting | undefined;
  client: Client<S> | undefined;
}

/** A connected client. */
class Client<S> implements Reader {
  readonly socket: UwsSocket<Carried<S>>;
  session: S | undefined;
  isTooSlow = false;
  readonly #commands: Pick<SocketCommands<S>, 'tooSlow'>;

  constructor(socket: UwsSocket<Carried<S>>, commands: Pick<SocketCommands<S>, 'tooSlow'>) {
    this.socket = socket;
    this.#commands = commands;
  }

  get unreadBytes(): number {
    return this.socket.unreadBytes;
  }

  tooSlow(): void {
    if (this.session !== undefined) this.#commands.tooSlow(this.session);
  }

  giveUp(): void {
    this.tooSlow();
    this.socket.cut();
  }
}

/** The close reasons of uWebSockets.js for a connection that it closed because of a large frame. */
const tooLargeReasons: ReadonlySet<string> = new Set([
  'Received too big message',
  'Received too big message, or other inflation error',
]);

/**
 * Serves `/app/KEY`, with the prefix and without. On any other path, a client is accepted and then sent an error, because no
 * client can read why its upgrade was refused.
 */
export function mountSockets<S>(
  app: TemplatedApp,
  commands: SocketCommands<S>,
  options: SocketOptions,
): void {
  const behavior: WebSocketBehavior<Carried<S>> = {
    maxPayloadLength: options.frameCeilingBytes,
    maxBackpressure: options.maxBackpressureBytes,
    compression: options.compression,
    // The hub checks liveness: the native time-outs close with 1006, and some values abort the process.
    idleTimeout: 0,
    sendPingsAutomatically: false,

    upgrade(res, req, context) {
      if (!isHandshake(req)) return leaveToHttp(req);
      const { origin, remoteAddress } = readCaller(res, req, options.peer);
      const greeting = {
        key: unescapePercent(req.getParameter(0)),
        protocol: req.getQuery('protocol'),
        isSecure: options.peer.isSecure(res, req),
        origin,
        remoteAddress,
      };
      const carried: Carried<S> = { greeting, client: undefined };
      upgrade(res, req, context, carried);
    },

    open(ws) {
      const carried = ws.getUserData();
      const { greeting } = carried;
      options.opened();
      const client = new Client(new UwsSocket(ws, options), commands);
      carried.client = client;
      carried.greeting = undefined;
      options.unread.add(client);
      if (greeting !== undefined) client.session = commands.open(client.socket, greeting);
    },

    message(ws, message, isBinary) {
      const session = ws.getUserData().client?.session;
      if (session === undefined || !commands.accepts(session, message.byteLength)) return;
      if (isBinary) commands.receiveBinary(session);
      else commands.receive(session, Buffer.from(message).toString('utf8'));
    },

    ping(ws, payload) {
      // uWebSockets.js answers it by itself.
      options.unread.sent(payload.byteLength);
      acceptControl(ws, payload, commands);
    },
    pong: (ws, payload) => acceptControl(ws, payload, commands),

    dropped(ws) {
      const { client } = ws.getUserData();
      if (client === undefined || client.isTooSlow) return;
      client.isTooSlow = true;
      // Closing a socket from within this call, during a publish, would end the process.
      setImmediate(() => client.tooSlow());
    },

    drain: (ws) => ws.getUserData().client?.socket.drained(),

    close(ws, code, reason) {
      const { client } = ws.getUserData();
      if (client !== undefined) {
        client.socket.closed();
        options.unread.remove(client);
      }
      const session = client?.session;
      if (client !== undefined && session !== undefined) {
        client.session = undefined;
        options.turn.depart(() => {
          if (wasTooLarge(code, reason)) commands.tooLarge(session);
          else commands.closed(session);
        });
      }
      options.closed();
      options.disconnected();
    },
  };
  for (const prefix of new Set(['', options.path])) app.ws(prefix + socketPattern, behavior);
  mountElsewhere(app, options);
}

/** The client that requests a connection. */
interface Caller {
  readonly origin: string | undefined;
  readonly remoteAddress: string;
}

function readCaller(res: HttpResponse, req: HttpRequest, peer: Peer): Caller {
  return {
    origin: req.getHeader('origin') || undefined,
    remoteAddress: peer.remoteAddress(res, peer.forwardedFor(req)),
  };
}

/** A request that is not a handshake is served as plain HTTP. */
function leaveToHttp(req: HttpRequest): void {
  req.setYield(true);
}

function upgrade(res: HttpResponse, req: HttpRequest, context: us_socket_context_t, carried: object): void {
  // Some clients request subprotocols and expect the first one that they offered.
  const subprotocol = req.getHeader('sec-websocket-protocol').split(',')[0]?.trim() ?? '';
  res.upgrade(
    carried,
    req.getHeader('sec-websocket-key'),
    subprotocol,
    req.getHeader('sec-websocket-extensions'),
    context,
  );
}

function mountElsewhere(
  app: TemplatedApp,
  { peer, refused, disconnected }: Pick<SocketOptions, 'peer' | 'refused' | 'disconnected'>,
): void {
  app.ws<Caller & { readonly path: string }>('/*', {
    idleTimeout: 0,
    sendPingsAutomatically: false,
    upgrade(res, req, context) {
      if (!isHandshake(req)) return leaveToHttp(req);
      upgrade(res, req, context, { path: req.getUrl(), ...readCaller(res, req, peer) });
    },
    open(ws) {
      const { path, origin, remoteAddress } = ws.getUserData();
      const error = pathNotFound(path);
      const fields = { remoteAddress, origin, ...loggedError(error) };
      refused({ kind: 'connection', reason: error.reason, appId: '', fields });
      endWith(ws, encodeError(error), error.code, error.message);
    },
    close: () => disconnected(),
  });
}

function wasTooLarge(code: number, reason: ArrayBuffer): boolean {
  return code === 1006 && tooLargeReasons.has(Buffer.from(reason).toString());
}

/** A ping or pong frame is only a sign of life, but there can be too many of them. */
function acceptControl<S>(
  ws: WebSocket<Carried<S>>,
  payload: ArrayBuffer,
  commands: Pick<SocketCommands<S>, 'accepts'>,
): void {
  const session = ws.getUserData().client?.session;
  if (session !== undefined) commands.accepts(session, payload.byteLength);
}
