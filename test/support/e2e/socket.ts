import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { expect } from 'vitest';
import { RawClient, type Frame } from '../raw-client.ts';
import { app, type AppConfig } from './config.ts';
import { authorize } from './sdk.ts';

interface SocketOptions {
  readonly app?: AppConfig;
  /** The query of the URL. Default: `protocol=7`. */
  readonly query?: string;
  readonly answersPings?: boolean;
  /** The origin of the page that connects, if any. */
  readonly origin?: string;
  /** The subprotocol that the client requests. */
  readonly subprotocol?: string;
}

interface Member {
  readonly user_id: string;
  readonly user_info?: Record<string, unknown>;
}

/** A client that reads frame by frame, so that none goes unseen. It signs as the backend of its app does. */
export class Socket extends RawClient {
  readonly #app: AppConfig;
  #read = 0;
  #id = '';

  constructor(server: { readonly port: number }, options: SocketOptions = {}) {
    const {
      app: of = app,
      query = 'protocol=7',
      answersPings: autoPong = true,
      origin,
      subprotocol,
    } = options;
    super(
      `ws://127.0.0.1:${server.port}/app/${of.key}?${query}`,
      subprotocol === undefined ? [] : [subprotocol],
      { autoPong, perMessageDeflate: false, ...(origin && { origin }) },
    );
    this.#app = of;
  }

  /** The id that the server assigned to the connection. */
  get id(): string {
    return this.#id;
  }

  /** The subprotocol that the server accepted. */
  get subprotocol(): string {
    return this.ws.protocol;
  }

  /**
   * Sends a WebSocket ping, which is not a message of the protocol, and waits for the payload of its pong.
   */
  async ping(payload: string): Promise<string> {
    const pong = once(this.ws, 'pong') as Promise<[Buffer]>;
    this.ws.ping(payload);
    return (await pong)[0].toString();
  }

  /** Expects this as the next unread frame from the server. */
  async expectFrame(expected: Frame): Promise<void> {
    expect(await this.nextFrame()).toEqual(expected);
  }

  nextFrame(): Promise<Frame> {
    const index = this.#read++;
    return this.frames.until((frames) => frames[index]);
  }

  /** Returns every frame that arrived before the answer to a ping that is sent now. */
  async framesBeforePong(): Promise<Frame[]> {
    this.send({ event: 'pusher:ping', data: {} });
    const frames: Frame[] = [];
    for (;;) {
      const frame = await this.nextFrame();
      if (frame.event === 'pusher:pong') return frames;
      frames.push(frame);
    }
  }

  /** Sends text and bytes unchanged, other values as JSON. */
  send(frame: unknown): void {
    this.ws.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }

  /** Sends bytes as a text frame, valid UTF-8 or not. */
  sendAsText(bytes: Buffer): void {
    this.ws.send(bytes, { binary: false });
  }

  async expectEstablished(): Promise<Record<string, unknown>> {
    const { event, data } = await this.nextFrame();
    expect(event).toBe('pusher:connection_established');
    const established = JSON.parse(String(data)) as { socket_id: string };
    this.#id = established.socket_id;
    return established;
  }

  /** Sends the subscription with the signature of the application's backend. */
  requestSubscription(channel: string, member?: Member): void {
    const isPrivate = channel.startsWith('private-') || channel.startsWith('presence-');
    const signed = isPrivate ? authorize(this.#id, channel, member, this.#app) : { auth: '' };
    this.send({ event: 'pusher:subscribe', data: { channel, ...signed } });
  }

  /** Sends a validly signed subscription with this text as its `channel_data`, whatever it contains. */
  requestWithData(channel: string, channelData: string): void {
    const auth = this.authFor(`${channel}:${channelData}`);
    this.send({ event: 'pusher:subscribe', data: { channel, auth, channel_data: channelData } });
  }

  /** Sends a validly signed sign-in with this text as its `user_data`, whatever it contains. */
  requestSignIn(userData: string): void {
    this.send({
      event: 'pusher:signin',
      data: { auth: this.authFor(`:user::${userData}`), user_data: userData },
    });
  }

  /** Subscribes, and reads the answer. */
  async subscribe(channel: string, member?: Member): Promise<Frame> {
    this.requestSubscription(channel, member);
    const frame = await this.nextFrame();
    expect(frame).toMatchObject({ event: 'pusher_internal:subscription_succeeded', channel });
    return frame;
  }

  unsubscribe(channel: string): void {
    this.send({ event: 'pusher:unsubscribe', data: { channel } });
  }

  /** Stops reading until `resume`. */
  pause(): void {
    this.ws.pause();
  }

  resume(): void {
    this.ws.resume();
  }

  /** Closes with a close frame. */
  close(code = 1000): void {
    this.ws.close(code);
  }

  /** Ends the TCP connection without a close frame. */
  destroy(): void {
    this.ws.terminate();
  }

  /** What the application's backend returns: the key, and the signature of the socket id and this text. */
  authFor(text: string): string {
    const signature = createHmac('sha256', this.#app.secret).update(`${this.#id}:${text}`);
    return `${this.#app.key}:${signature.digest('hex')}`;
  }
}

/** Connects, and reads the first frame. */
export async function connectSocket(
  server: { readonly port: number },
  options?: SocketOptions,
): Promise<Socket> {
  const socket = new Socket(server, options);
  await socket.expectEstablished();
  return socket;
}
