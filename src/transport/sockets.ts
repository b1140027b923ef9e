import type { TemplatedApp, WebSocket, WebSocketBehavior } from 'uWebSockets.js';
import type { Clock } from '../ports/clock.ts';
import type { Socket } from '../ports/socket.ts';
import { unescapePercent } from '../protocol/query.ts';
import { UwsSocket } from './uws-socket.ts';

/** What is known of a client when it connects. */
export interface Greeting {
  readonly key: string;
  /** The `protocol` of the query, if it had one. */
  readonly protocol: string | undefined;
  readonly origin: string | undefined;
  readonly isSecure: boolean;
  readonly remoteAddress: string;
}

/** The use cases of a socket, as the transport calls them; `S` is what they know a connection by. */
export interface SocketCommands<S> {
  open(socket: Socket, greeting: Greeting): S | undefined;
  receive(session: S, text: string): void;
  receiveBinary(session: S): void;
  heard(session: S): void;
  tooSlow(session: S): void;
  closed(session: S): void;
}

/** How sockets are served. */
export interface SocketOptions {
  readonly clock: Clock;
  /** What may wait for one client to read. */
  readonly maxBackpressureBytes: number;
}

/** What the native socket carries. */
interface Carried<S> extends Greeting {
  socket: UwsSocket<Carried<S>> | undefined;
  session: S | undefined;
  isTooSlow: boolean;
}

/**
 * The largest frame that is read. Event data may have 10 KB, up to six times that when escaped: frames
 * somewhat above are still read, so that the client is told what is wrong; larger ones end the connection.
 */
const maxFrameBytes = 256 * 1024;

/** Serves `/app/KEY`. */
export function mountSockets<S>(
  app: TemplatedApp,
  commands: SocketCommands<S>,
  options: SocketOptions,
): void {
  const behavior: WebSocketBehavior<Carried<S>> = {
    maxPayloadLength: maxFrameBytes,
    maxBackpressure: options.maxBackpressureBytes,
    // Liveness is the hub's: the native time-outs close with 1006, and some values abort the process.
    idleTimeout: 0,
    sendPingsAutomatically: false,

    upgrade(res, req, context) {
      const carried: Carried<S> = {
        key: unescapePercent(req.getParameter(0)),
        protocol: req.getQuery('protocol'),
        origin: req.getHeader('origin') || undefined,
        isSecure: false,
        remoteAddress: Buffer.from(res.getRemoteAddressAsText()).toString(),
        socket: undefined,
        session: undefined,
        isTooSlow: false,
      };
      // Some clients ask for a subprotocol and want the first one that they offered.
      const subprotocol = req.getHeader('sec-websocket-protocol').split(',')[0]?.trim() ?? '';
      res.upgrade(
        carried,
        req.getHeader('sec-websocket-key'),
        subprotocol,
        req.getHeader('sec-websocket-extensions'),
        context,
      );
    },

    open(ws) {
      const carried = ws.getUserData();
      carried.socket = new UwsSocket(ws, options.clock, options.maxBackpressureBytes);
      carried.session = commands.open(carried.socket, carried);
    },

    message(ws, message, isBinary) {
      const { session } = ws.getUserData();
      if (session === undefined) return;
      if (isBinary) commands.receiveBinary(session);
      else commands.receive(session, Buffer.from(message).toString('utf8'));
    },

    ping: (ws) => heard(ws, commands),
    pong: (ws) => heard(ws, commands),

    dropped(ws) {
      const carried = ws.getUserData();
      if (carried.isTooSlow) return;
      carried.isTooSlow = true;
      // Ending a socket from within this call, in the midst of a publish, ends the process.
      setImmediate(() => {
        if (carried.session !== undefined) commands.tooSlow(carried.session);
      });
    },

    drain: (ws) => ws.getUserData().socket?.drained(),

    close(ws) {
      const carried = ws.getUserData();
      carried.socket?.closed();
      const { session } = carried;
      carried.session = undefined;
      if (session !== undefined) commands.closed(session);
    },
  };
  app.ws('/app/:key', behavior);
}

function heard<S>(ws: WebSocket<Carried<S>>, commands: Pick<SocketCommands<S>, 'heard'>): void {
  const { session } = ws.getUserData();
  if (session !== undefined) commands.heard(session);
}
