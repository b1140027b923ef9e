import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Counts the webhooks that arrive, checks each signature, and answers 200 at once. */
export class Receiver {
  readonly #secret: string;
  readonly #server = createServer((request, response) => this.#onRequest(request, response));
  /** Webhook ids of this round, to know a repeated delivery. */
  #ids = new Set<string>();
  events = 0;
  posts = 0;
  repeatedEvents = 0;
  badSignatures = 0;
  /** Called after each POST. */
  onPost: () => void = () => {};

  constructor(secret: string) {
    this.#secret = secret;
  }

  /** Listens on a free loopback port and resolves to the address to configure. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => void this.#server.listen(0, '127.0.0.1', () => resolve()));
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/hook`;
  }

  /** Forgets what was counted before. */
  startRound(): void {
    this.#ids = new Set();
    this.events = 0;
    this.posts = 0;
    this.repeatedEvents = 0;
    this.badSignatures = 0;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => void this.#server.close(() => resolve()));
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(200).end();
      this.#count(request, Buffer.concat(chunks));
    });
  }

  #count(request: IncomingMessage, body: Buffer): void {
    const expected = createHmac('sha256', this.#secret).update(body).digest('hex');
    if (request.headers['x-pusher-signature'] !== expected) this.badSignatures += 1;
    const { events } = JSON.parse(body.toString()) as { events: unknown[] };
    const id = String(request.headers['webhook-id'] ?? '');
    if (id !== '' && this.#ids.has(id)) this.repeatedEvents += events.length;
    else this.events += events.length;
    this.#ids.add(id);
    this.posts += 1;
    this.onPost();
  }
}
