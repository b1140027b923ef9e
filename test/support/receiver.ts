import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/** One received request. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: string;
  /** The body as it was received. */
  readonly bytes: Buffer;
  readonly response: ServerResponse;
}

/** An HTTP server for which a test answers by hand. */
export class Receiver {
  readonly server: Server;
  readonly requests: Received[] = [];
  /** TCP connections that were made. */
  connections = 0;
  readonly #waiting: (() => void)[] = [];
  #read = 0;

  private constructor(answer: (received: Received) => void) {
    this.server = createServer((message, response) => void this.#receive(message, response, answer));
    this.server.on('connection', () => {
      this.connections += 1;
    });
  }

  async #receive(
    message: IncomingMessage,
    response: ServerResponse,
    answer: (received: Received) => void,
  ): Promise<void> {
    const { method = '', url = '', headers, rawHeaders } = message;
    const bytes = await buffer(message);
    const received = { method, url, headers, rawHeaders, body: bytes.toString(), bytes, response };
    this.requests.push(received);
    this.#waiting.shift()?.();
    answer(received);
  }

  static async start(
    answer: (received: Received) => void = ({ response }) => void response.end(),
  ): Promise<Receiver> {
    const receiver = new Receiver(answer);
    receiver.server.listen(0, '127.0.0.1');
    await once(receiver.server, 'listening');
    onTestFinished(() => {
      receiver.server.closeAllConnections();
      receiver.server.close();
    });
    return receiver;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  /** The next request that was not waited for yet. */
  async next(): Promise<Received> {
    while (this.requests.length <= this.#read) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    const received = this.requests[this.#read];
    if (received === undefined) throw new Error('unreachable');
    this.#read += 1;
    return received;
  }

  /** The names and channels of all events so far, in the order received. */
  get events(): string[] {
    return this.requests.flatMap(({ body }) => {
      const { events } = JSON.parse(body) as {
        events: { name: string; channel: string; user_id?: string }[];
      };
      return events.map(({ name, channel, user_id: user }) =>
        user === undefined ? `${name} ${channel}` : `${name} ${channel} ${user}`,
      );
    });
  }
}
