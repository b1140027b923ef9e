import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { stablePort } from './children.ts';
import type { Journal } from './journal.ts';
import type { ReceivedEvent } from './replay.ts';
import { app, nodeHeader, requestTimeoutMs, type EndpointSetting } from './settings.ts';

/**
 * How an endpoint fails: it answers 500, never answers, accepts the events but answers too late, breaks
 * the connection, or does not listen.
 */
export const failures = ['error', 'hang', 'late', 'reset', 'refuse'] as const;
export type Failure = (typeof failures)[number];

interface Delivery {
  readonly bodyHash: string;
  isAccepted: boolean;
  /** The attempt numbers that were received. */
  readonly attempts: Map<string, boolean>;
}

/** Callbacks for observers of requests. */
interface Watch {
  /** A request was received completely, and is not answered yet. */
  onReceived(): void;
  /** It was answered, with 200 or with a failure. */
  onAnswered(isAccepted: boolean): void;
}

/** A webhook endpoint that can be made to fail. It verifies each request and keeps each event. */
export class Receiver implements EndpointSetting {
  readonly id: string;
  readonly startsWith: string;
  /** The events of each delivery in the order of their first receipt, whatever the answer. */
  readonly received: ReceivedEvent[] = [];
  /** The same, for receipts that were answered 2xx. */
  readonly accepted: ReceivedEvent[] = [];
  /** Repeated deliveries: those that had not been accepted before, and those that had. */
  retries = 0;
  duplicates = 0;
  lastRequestAt = Date.now();
  /** If set, no two attempts of a delivery may have the same number, except after a reset connection. */
  watch: Watch | undefined;
  readonly #journal: Journal;
  readonly #deliveries = new Map<string, Delivery>();
  readonly #port: number;
  #server: Server | undefined;
  #failure: Failure | undefined;

  private constructor(setting: { id: string; startsWith: string }, port: number, journal: Journal) {
    this.id = setting.id;
    this.startsWith = setting.startsWith;
    this.#port = port;
    this.#journal = journal;
  }

  static async start(setting: { id: string; startsWith: string }, journal: Journal): Promise<Receiver> {
    const receiver = new Receiver(setting, await stablePort(), journal);
    await receiver.#listen();
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/${this.id}`;
  }

  get isFailing(): boolean {
    return this.#failure !== undefined;
  }

  async fail(failure: Failure): Promise<void> {
    this.#failure = failure;
    if (failure === 'refuse') await this.close();
  }

  async recover(): Promise<void> {
    if (this.#server === undefined) await this.#listen();
    this.#failure = undefined;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  async #listen(): Promise<void> {
    const server = createServer((request, response) => {
      // A request that breaks off is ignored.
      this.#receive(request, response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', () => resolve());
    });
    this.#server = server;
  }

  /** Whether requests end with their connection. */
  get #isResetting(): boolean {
    return this.#failure === 'reset' || this.#failure === 'refuse';
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat((await request.toArray()) as Buffer[]);
    this.lastRequestAt = Date.now();
    const failure = this.#failure;
    const signature = createHmac('sha256', app.secret).update(body).digest('hex');
    if (request.headers['x-pusher-signature'] !== signature) {
      this.#journal.problem(
        `${this.id} received a body with a wrong signature: ${body.toString().slice(0, 300)}`,
      );
      response.writeHead(401).end();
      return;
    }
    this.watch?.onReceived();
    this.#record(request, body, failure === undefined || failure === 'late');
    response.once('finish', () => this.watch?.onAnswered(response.statusCode === 200));
    switch (failure) {
      case undefined:
        response.writeHead(200).end();
        break;
      case 'late':
        setTimeout(() => response.writeHead(200).end(), requestTimeoutMs * 1.5);
        break;
      case 'error':
        response.writeHead(500).end();
        break;
      case 'reset':
      case 'refuse':
        response.socket?.resetAndDestroy();
        break;
      case 'hang':
        break;
    }
  }

  #record(request: IncomingMessage, body: Buffer, isAccepted: boolean): void {
    const id = String(request.headers['webhook-id']);
    const node = String(request.headers[nodeHeader]);
    const bodyHash = createHash('sha256').update(body).digest('base64');
    const earlier = this.#deliveries.get(id);
    if (earlier?.isAccepted === true) this.duplicates += 1;
    else if (earlier !== undefined) this.retries += 1;
    if (earlier !== undefined && earlier.bodyHash !== bodyHash) {
      this.#journal.problem(`${this.id} received delivery ${id} again with another body: ${body.toString()}`);
    }
    const { events } = JSON.parse(body.toString()) as { events: readonly ReceivedEvent[] };
    const received = events.map((event) => ({ ...event, atMs: this.lastRequestAt, node, delivery: id }));
    const attempt = String(request.headers['x-soketify-attempt']);
    if (earlier === undefined) this.received.push(...received);
    if (isAccepted && earlier?.isAccepted !== true) this.accepted.push(...received);
    const attempts = earlier?.attempts ?? new Map<string, boolean>();
    // A request that is answered by the end of a kept connection is sent once more, as part of the same attempt.
    if (this.watch !== undefined && attempts.has(attempt) && attempts.get(attempt) !== true) {
      this.#journal.problem(`${this.id} received attempt ${attempt} of delivery ${id} twice`);
    }
    attempts.set(attempt, !attempts.has(attempt) && this.#isResetting);
    this.#deliveries.set(id, { bodyHash, isAccepted: isAccepted || earlier?.isAccepted === true, attempts });
    for (const { name, channel, user_id: userId = '' } of received) {
      if (name === 'client_event') continue;
      const answer = isAccepted ? 'accepted' : 'rejected';
      this.#journal.note(
        channel,
        `endpoint ${this.id} ${answer} ${name} ${userId} (${node}, ${id}, attempt ${attempt})`,
      );
    }
  }
}
