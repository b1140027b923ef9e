import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { encodeFrame, FrameReader, Opcode } from './frames.ts';
import type { Address } from './address.ts';
import type { ChannelAuth } from './signing.ts';

/** Called for each text frame. The payload is `bytes[start..end)` and is valid only during the call. */
export type TextSink = (bytes: Buffer, start: number, end: number) => void;

/** All sockets read into one buffer, because each chunk is consumed before the next one is read. */
const shared = Buffer.allocUnsafe(256 * 1024);
const headersEnd = Buffer.from('\r\n\r\n');

interface Waiting {
  readonly event: string;
  readonly resolve: (data: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A Pusher connection that is as cheap as possible in Node: no event emitter per message, no copy per frame, and JSON
 * only while the caller waits for something. This keeps the driver from becoming the bottleneck.
 */
export class DriverSocket {
  readonly #socket: Socket;
  readonly #frames = new FrameReader((opcode, bytes, start, end) => this.#onFrame(opcode, bytes, start, end));
  #upgrade: Buffer | null = Buffer.alloc(0);
  #waiting: Waiting | null = null;
  #closed = false;
  #dropped: string | null = null;
  #id = '';
  /** Called for each text frame that no call waits for. */
  onText: TextSink = () => {};
  /** Called once when the connection ends without a call of `close`. */
  onDrop: (reason: string) => void = () => {};

  private constructor(address: Address) {
    const onread = {
      buffer: shared,
      callback: (size: number, bytes: Uint8Array): boolean => {
        this.#onBytes(bytes as Buffer, size);
        return true;
      },
    };
    const { host, port, isTls } = address;
    const options = { host, port, noDelay: true, onread };
    // `onread` is documented for node:tls, but missing in its types.
    this.#socket = isTls ? connectTls({ ...options, rejectUnauthorized: false }) : connect(options);
    this.#socket.on(isTls ? 'secureConnect' : 'connect', () => this.#socket.write(upgradeRequest(address)));
    this.#socket.on('error', (error) => this.#drop(error.message));
    this.#socket.on('close', () => this.#drop('closed by the server'));
  }

  /** Connects and resolves once the server has sent `pusher:connection_established`. */
  static async open(address: Address): Promise<DriverSocket> {
    const socket = new DriverSocket(address);
    const data = await socket.#expect('pusher:connection_established');
    // The protocol encodes data as a string of JSON.
    socket.#id = (JSON.parse(String(data)) as { socket_id: string }).socket_id;
    return socket;
  }

  /** The socket id that the server assigned. */
  get id(): string {
    return this.#id;
  }

  /** Subscribes to a public channel. Resolves when the server has confirmed it. */
  subscribe(channel: string): Promise<void> {
    return this.confirm(subscribeFrame(channel));
  }

  /** Sends an encoded subscription. Resolves when the server has confirmed it. */
  async confirm(subscription: Buffer): Promise<void> {
    this.send(subscription);
    await this.#expect('pusher_internal:subscription_succeeded');
  }

  /** Writes encoded frames. */
  send(frames: Buffer): void {
    this.#socket.write(frames);
  }

  /** Closes the connection. Resolves when it is closed. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#socket.closed) return;
    const gone = new Promise<void>((resolve) => void this.#socket.once('close', () => resolve()));
    this.#socket.destroy();
    await gone;
  }

  #expect(event: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#dropped === null) this.#waiting = { event, resolve, reject };
      else reject(new Error(`Connection lost: ${this.#dropped}`));
    });
  }

  #onBytes(bytes: Buffer, size: number): void {
    let chunk = bytes.subarray(0, size);
    if (this.#upgrade !== null) {
      const head = Buffer.concat([this.#upgrade, chunk]);
      const end = head.indexOf(headersEnd);
      if (end < 0) {
        this.#upgrade = head;
        return;
      }
      const status = head.toString('latin1', 0, head.indexOf('\r\n'));
      if (!status.includes(' 101 ')) return this.#drop(`the upgrade was refused: ${status}`);
      this.#upgrade = null;
      chunk = head.subarray(end + headersEnd.length);
    }
    this.#frames.read(chunk);
  }

  #onFrame(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode === Opcode.Text) {
      if (this.#waiting === null) this.onText(bytes, start, end);
      else this.#onAnswer(this.#waiting, bytes.toString('utf8', start, end));
    } else if (opcode === Opcode.Ping) {
      this.send(encodeFrame(Opcode.Pong, bytes.subarray(start, end)));
    } else if (opcode === Opcode.Close) {
      this.#drop(end - start >= 2 ? `close code ${bytes.readUInt16BE(start)}` : 'close frame');
    }
  }

  #onAnswer(waiting: Waiting, text: string): void {
    const { event, data } = JSON.parse(text) as { event: string; data?: unknown };
    if (event !== waiting.event && !event.endsWith('error')) return;
    this.#waiting = null;
    if (event === waiting.event) waiting.resolve(data);
    else waiting.reject(new Error(`The server answered ${text}`));
  }

  #drop(reason: string): void {
    if (this.#dropped !== null) return;
    this.#dropped = reason;
    this.#socket.destroy();
    this.#waiting?.reject(new Error(`Connection lost: ${reason}`));
    this.#waiting = null;
    if (!this.#closed) this.onDrop(reason);
  }
}

/** The frame that subscribes to a public channel or, with the result of `channelAuth`, to another kind of channel. */
export function subscribeFrame(channel: string, auth: ChannelAuth | null = null): Buffer {
  return commandFrame('pusher:subscribe', { channel, ...auth });
}

/** The frame that unsubscribes from a channel. */
export function unsubscribeFrame(channel: string): Buffer {
  return commandFrame('pusher:unsubscribe', { channel });
}

function commandFrame(event: string, data: object): Buffer {
  return encodeFrame(Opcode.Text, Buffer.from(JSON.stringify({ event, data })));
}

function upgradeRequest(address: Address): string {
  return [
    `GET /app/${address.key}?protocol=7&client=bench&version=1.0 HTTP/1.1`,
    `Host: ${address.host}:${address.port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    '\r\n',
  ].join('\r\n');
}
