import { onTestFinished } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';

export interface Frame {
  readonly event: string;
  readonly channel?: string;
  readonly data?: unknown;
  readonly user_id?: string;
}

/** A raw client of the protocol: the received frames, in order, and a way to wait for more. */
export class Client {
  readonly ws: WebSocket;
  /** Every received frame. */
  readonly frames: Frame[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #waiting = new Set<() => void>();
  #read = 0;

  constructor(url: string, subprotocols: string[] = [], options: ClientOptions = {}) {
    this.ws = new WebSocket(url, subprotocols, options);
    this.ws.on('message', (data: Buffer) => {
      this.frames.push(JSON.parse(data.toString('utf8')) as Frame);
      for (const look of this.#waiting) look();
    });
    this.ws.on('error', () => {
      // The close event that follows is enough for the tests.
    });
    this.closed = new Promise((resolve) => {
      this.ws.on('close', (code, reason) => resolve({ code, reason: reason.toString('utf8') }));
    });
    onTestFinished(() => this.ws.terminate());
  }

  /** A client that has received its socket id. */
  static async connect(server: { readonly port: number }, path = '/app/app-key?protocol=7'): Promise<Client> {
    const client = new Client(`ws://127.0.0.1:${server.port}${path}`);
    await client.next('pusher:connection_established');
    return client;
  }

  get socketId(): string {
    const established = this.frames.find(({ event }) => event === 'pusher:connection_established');
    return (JSON.parse(established?.data as string) as { socket_id: string }).socket_id;
  }

  /** The next frame of this event (of this channel) that was not waited for yet. */
  next(event: string, channel?: string): Promise<Frame> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        for (; this.#read < this.frames.length; this.#read += 1) {
          const frame = this.frames[this.#read];
          if (frame?.event !== event || (channel !== undefined && frame.channel !== channel)) continue;
          this.#read += 1;
          this.#waiting.delete(look);
          resolve(frame);
          return;
        }
      };
      this.#waiting.add(look);
      look();
      this.ws.once('close', (code) => {
        if (this.#waiting.has(look)) reject(new Error(`closed with ${code} instead of ${event}`));
      });
    });
  }

  send(event: string, data: unknown = {}): void {
    this.ws.send(JSON.stringify({ event, data }));
  }

  async subscribe(channel: string, rest: object = {}): Promise<Frame> {
    this.send('pusher:subscribe', { channel, ...rest });
    return this.next('pusher_internal:subscription_succeeded', channel);
  }

  /** Resolves when everything that the server sent before has arrived. */
  async ping(): Promise<void> {
    this.send('pusher:ping');
    await this.next('pusher:pong');
  }

  async leave(): Promise<void> {
    this.ws.close();
    await this.closed;
  }

  /** The received frames of one event. */
  of(event: string): Frame[] {
    return this.frames.filter((frame) => frame.event === event);
  }
}
