import { WebSocket } from 'ws';
import { sign } from '../auth/hmac.ts';
import type { KeyPair } from '../auth/key-pair.ts';
import { fieldOf } from '../config/json.ts';
import { channelKind } from '../protocol/channel-name.ts';
import { describeSigned } from '../protocol/errors.ts';
import { isSocketId, type SocketId } from '../protocol/socket-id.ts';
import { unreachable, type Unreachable } from './http.ts';

/** An event for a client to send. */
export interface ClientEvent {
  readonly channel: string;
  readonly event: string;
  readonly data: string;
  /** The user of the client on a presence channel. */
  readonly userId: string;
}

/** The outcome. */
export type ClientEventOutcome =
  | { readonly kind: 'sent'; readonly socketId: SocketId }
  /** The server refused `step`. `isOfKey`: because of the key or the signature. */
  | { readonly kind: 'refused'; readonly step: string; readonly message: string; readonly isOfKey: boolean }
  | Unreachable
  | { readonly kind: 'timeout'; readonly step: string };

/** The close code for an unknown key, and the status of a subscription whose signature or key is wrong. */
const unknownKeyCode = 4001;
const authStatus = 401;

interface Frame {
  readonly event: string;
  readonly data: unknown;
}

/**
 * Connects to a server as a client, subscribes to the channel, sends the event and disconnects. `url` is the http or https URL of
 * the server; all steps together take at most `timeoutMs` milliseconds. The credentials of the app authorize the subscription, as
 * a backend does.
 */
export async function sendClientEvent(
  { url, pair, timeoutMs }: { readonly url: URL; readonly pair: KeyPair; readonly timeoutMs: number },
  { channel, event, data, userId }: ClientEvent,
): Promise<ClientEventOutcome> {
  const connection = new Connection(socketUrl(url, pair.key), timeoutMs);
  try {
    const established = await connection.next('the connection', 'pusher:connection_established');
    const socketId: unknown = fieldOf(parse(established.data), 'socket_id');
    if (!isSocketId(socketId)) throw new Refusal('the connection', 'the server sent no socket_id');
    connection.send('pusher:subscribe', { channel, ...authorize(pair, { socketId, channel, userId }) });
    await connection.next(`the subscription to ${channel}`, 'pusher_internal:subscription_succeeded');
    connection.send(event, data, channel);
    // Client events are not acknowledged. An error for one arrives before the response to a ping that follows it.
    connection.send('pusher:ping', {});
    await connection.next(`the event ${event}`, 'pusher:pong');
    return { kind: 'sent', socketId };
  } catch (error) {
    if (error instanceof Refusal) {
      const { step, message, isOfKey } = error;
      return { kind: 'refused', step, message, isOfKey };
    }
    if (error instanceof TimeUp) return { kind: 'timeout', step: error.step };
    return unreachable(error);
  } finally {
    connection.close();
  }
}

/** The server refused something. */
class Refusal extends Error {
  readonly step: string;
  readonly isOfKey: boolean;

  constructor(step: string, message: string, isOfKey = false) {
    super(message);
    this.step = step;
    this.isOfKey = isOfKey;
  }
}

class TimeUp extends Error {
  readonly step: string;

  constructor(step: string) {
    super('no answer in time');
    this.step = step;
  }
}

/** A connection whose frames are read one by one. */
class Connection {
  readonly #socket: WebSocket;
  readonly #timer: NodeJS.Timeout;
  readonly #frames: Frame[] = [];
  #end: Error | undefined;
  #isTimeUp = false;
  #wake: () => void = () => {};

  constructor(url: URL, timeoutMs: number) {
    this.#socket = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: timeoutMs });
    this.#timer = setTimeout(() => {
      this.#isTimeUp = true;
      this.#socket.terminate();
      this.#wake();
    }, timeoutMs);
    this.#socket.on('message', (bytes) => {
      const frame = parse(Buffer.isBuffer(bytes) ? bytes.toString() : '');
      const event = fieldOf(frame, 'event');
      if (typeof event === 'string') this.#frames.push({ event, data: fieldOf(frame, 'data') });
      this.#wake();
    });
    this.#socket.on('error', (error) => {
      this.#end ??= error;
      this.#wake();
    });
    this.#socket.on('close', (code, reason) => {
      this.#end ??= new Error(`the connection was closed: ${code} ${String(reason)}`.trimEnd());
      this.#wake();
    });
  }

  send(event: string, data: unknown, channel?: string): void {
    this.#socket.send(JSON.stringify({ event, channel, data }));
  }

  /** Resolves with the next frame of this event. Throws if the server sends an error, or the connection ends. */
  async next(step: string, event: string): Promise<Frame> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame?.event === event) return frame;
      if (frame?.event === 'pusher:error' || frame?.event === 'pusher:subscription_error') {
        const { message, code } = readError(frame.data);
        throw new Refusal(step, describeError(message, code), code === unknownKeyCode || code === authStatus);
      }
      if (frame !== undefined) continue;
      if (this.#isTimeUp) throw new TimeUp(step);
      if (this.#end !== undefined) throw this.#end;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#socket.close();
  }
}

function socketUrl(server: URL, key: string): URL {
  const url = new URL(server);
  url.protocol = server.protocol === 'https:' ? 'wss:' : 'ws:';
  url.pathname = `${server.pathname.replace(/\/$/, '')}/app/${encodeURIComponent(key)}`;
  url.search = 'protocol=7&client=soketify-emulator&version=0';
  return url;
}

/** The authorization that a backend would return. */
function authorize(
  { key, secret }: KeyPair,
  { socketId, channel, userId }: { socketId: SocketId; channel: string; userId: string },
): { readonly auth?: string; readonly channel_data?: string } {
  const { access } = channelKind(channel);
  if (access === 'public') return {};
  const channelData = access === 'presence' ? JSON.stringify({ user_id: userId }) : undefined;
  const auth = `${key}:${sign(secret, describeSigned(socketId, channel, channelData))}`;
  return { auth, ...(channelData !== undefined && { channel_data: channelData }) };
}

/** The text of an error, and its code or, for a subscription, its status. */
function readError(data: unknown): { readonly message: unknown; readonly code: unknown } {
  const error = typeof data === 'string' ? (parse(data) ?? data) : data;
  return {
    message: fieldOf(error, 'message') ?? fieldOf(error, 'error'),
    code: fieldOf(error, 'code') ?? fieldOf(error, 'status'),
  };
}

function describeError(message: unknown, code: unknown): string {
  return [message, code]
    .filter((part) => part !== undefined && part !== null)
    .map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
    .join(', code ');
}

function parse(text: unknown): unknown {
  if (typeof text !== 'string') return text;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
