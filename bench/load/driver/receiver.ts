import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A webhook event, as in the body of a webhook. */
export interface ReceivedEvent {
  readonly name: string;
  readonly channel: string;
  readonly data?: string;
}

/** How an endpoint answers: the status and the delay. */
export interface Behavior {
  readonly status: number;
  readonly delayMs: number;
}

const healthy: Behavior = { status: 200, delayMs: 0 };

/**
 * A webhook endpoint that counts events, checks each signature, and answers with the given behavior. It keeps no bodies, so it costs the
 * driver much less than `startReceiver` of the library, and its memory does not grow during a soak.
 */
export class Receiver {
  readonly #secret: string;
  readonly #behavior: Behavior;
  readonly #server = createServer((request, response) => this.#onRequest(request, response));
  /** The webhook ids of this round, to recognize repeated deliveries. */
  #ids = new Set<string>();
  events = 0;
  posts = 0;
  repeatedEvents = 0;
  badSignatures = 0;
  /** Called with the events of each POST that is not a repetition. */
  onEvents: (events: readonly ReceivedEvent[]) => void = () => {};

  constructor(secret: string, behavior: Behavior = healthy) {
    this.#secret = secret;
    this.#behavior = behavior;
  }

  /** Listens on a free loopback port. Resolves to the URL to configure. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => void this.#server.listen(0, '127.0.0.1', () => resolve()));
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/hook`;
  }

  /** Resets the counts. */
  startRound(): void {
    this.#ids = new Set();
    this.events = 0;
    this.posts = 0;
    this.repeatedEvents = 0;
    this.badSignatures = 0;
    this.onEvents = () => {};
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => void this.#server.close(() => resolve()));
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    const answer = (): void => void response.writeHead(this.#behavior.status).end();
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (this.#behavior.delayMs === 0) answer();
      else setTimeout(answer, this.#behavior.delayMs);
      this.#count(request, Buffer.concat(chunks));
    });
  }

  #count(request: IncomingMessage, body: Buffer): void {
    const expected = createHmac('sha256', this.#secret).update(body).digest('hex');
    if (request.headers['x-pusher-signature'] !== expected) this.badSignatures += 1;
    const { events } = JSON.parse(body.toString()) as { events: ReceivedEvent[] };
    const id = String(request.headers['webhook-id'] ?? '');
    this.posts += 1;
    if (id !== '' && this.#ids.has(id)) {
      this.repeatedEvents += events.length;
      return;
    }
    this.#ids.add(id);
    this.events += events.length;
    this.onEvents(events);
  }
}
