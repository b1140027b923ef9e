import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request, type Response } from 'express';
import { DemoFault } from './fault.ts';
import { elapsedMs } from './screen.ts';

/** One event of a webhook, as the page describes its payloads. */
export interface WebhookEvent {
  readonly name: string;
  readonly channel: string;
  readonly user_id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly socket_id?: string;
}

/** An event together with how it came. */
export interface Arrival {
  readonly event: WebhookEvent;
  readonly atMs: number;
  /** Requests are numbered as they come; events of one batch share the number. */
  readonly post: number;
  readonly webhookId: string;
  readonly attempt: number;
  /** What the receiver answered. */
  readonly status: number;
}

/** Is told of every request as it comes. */
export interface Watcher {
  /** An event that came with a good signature. */
  onArrival(arrival: Arrival): void;
  /** A request whose signature was wrong; it was answered 401 and not read any further. */
  onForgery(): void;
}

interface Expectation {
  readonly matches: (arrival: Arrival) => boolean;
  readonly resolve: (arrival: Arrival) => void;
}

/** A webhook endpoint: the page's Express handler, and a memory of what came. */
export class Receiver {
  readonly #secret: string;
  readonly #watcher: Watcher;
  #server: Server | null = null;
  #expectations: Expectation[] = [];
  #posts = 0;
  #refusals = 0;
  /** Every event that came with a good signature, in order. */
  readonly arrivals: Arrival[] = [];

  constructor(secret: string, watcher: Watcher) {
    this.#secret = secret;
    this.#watcher = watcher;
  }

  /** Listens on a free port and resolves to the address to configure as the webhook's. */
  async listen(): Promise<string> {
    const app = express();
    // As on the page: the raw body, for the signature is over its bytes.
    app.use('/webhooks/soketify', express.raw({ type: 'application/json' }), (request, response) =>
      this.#handle(request, response),
    );
    const server = app.listen(0, '127.0.0.1');
    this.#server = server;
    await new Promise<void>((resolve) => void server.once('listening', () => resolve()));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/soketify`;
  }

  /** Answers 500 to the next request that is properly signed. */
  refuseOnce(): void {
    this.#refusals = 1;
  }

  /** Resolves with the next arrival that matches, from now on. */
  next(matches: (arrival: Arrival) => boolean): Promise<Arrival> {
    return new Promise((resolve) => void this.#expectations.push({ matches, resolve }));
  }

  /** The events about a channel so far that were answered 200, as short names. */
  about(channel: string): string[] {
    return this.arrivals
      .filter(({ event, status }) => event.channel === channel && status === 200)
      .map(({ event }) => [event.name, event.user_id].filter((part) => part !== undefined).join(' '));
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  }

  #handle(request: Request, response: Response): void {
    const rawBody = request.body as Buffer;
    const signature = request.header('x-pusher-signature') ?? '';
    const expected = createHmac('sha256', this.#secret).update(rawBody).digest('hex');
    if (!isSame(signature, expected)) {
      response.status(401).json({ error: 'Invalid signature' });
      this.#watcher.onForgery();
      return;
    }
    const isRefused = this.#refusals > 0;
    if (isRefused) this.#refusals -= 1;
    // "Respond fast, process async": the answer first, the work after it.
    response.sendStatus(isRefused ? 500 : 200);
    this.#remember(request, rawBody, isRefused ? 500 : 200);
  }

  #remember(request: Request, rawBody: Buffer, status: number): void {
    this.#posts += 1;
    const { events } = JSON.parse(rawBody.toString()) as { events: WebhookEvent[] };
    for (const event of events) {
      const arrival = {
        event,
        status,
        post: this.#posts,
        atMs: elapsedMs(),
        webhookId: request.header('webhook-id') ?? '',
        attempt: Number(request.header('x-soketify-attempt') ?? 1),
      };
      this.arrivals.push(arrival);
      this.#watcher.onArrival(arrival);
      const met = this.#expectations.filter(({ matches }) => matches(arrival));
      this.#expectations = this.#expectations.filter((expectation) => !met.includes(expectation));
      for (const { resolve } of met) resolve(arrival);
    }
  }
}

/** Posts what somebody without the secret would post; fails unless it is refused. */
export async function forge(url: string): Promise<void> {
  const body = '{"time_ms":1,"events":[{"name":"channel_occupied","channel":"bank"}]}';
  const headers = { 'content-type': 'application/json', 'x-pusher-signature': 'f'.repeat(64) };
  const { status } = await fetch(url, { method: 'POST', headers, body });
  if (status !== 401) throw new DemoFault(`A forged webhook was answered ${status} instead of 401.`);
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
