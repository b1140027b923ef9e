import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request, type Response } from 'express';
import { DemoFault } from './fault.ts';
import { elapsedMs } from './screen.ts';

/** One webhook event, as Soketify documents it. */
export interface WebhookEvent {
  readonly name: string;
  readonly channel: string;
  readonly user_id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly socket_id?: string;
}

/** A webhook event, with the request that carried it. */
export interface Arrival {
  readonly event: WebhookEvent;
  readonly atMs: number;
  /** The number of the request, counted from 1. Events of one batch share it. */
  readonly post: number;
  readonly webhookId: string;
  readonly attempt: number;
  /** The status that the receiver answered. */
  readonly status: number;
}

/** Receives every request as it arrives. */
export interface Watcher {
  /** Called for each webhook event of a request with a valid signature. */
  onArrival(arrival: Arrival): void;
  /** Called for a request with an invalid signature. It was answered 401, and its body was not parsed. */
  onForgery(): void;
}

interface Expectation {
  readonly matches: (arrival: Arrival) => boolean;
  readonly resolve: (arrival: Arrival) => void;
}

/** A webhook endpoint: the Express handler from Soketify's documentation, and a record of what arrived. */
export class Receiver {
  readonly #secret: string;
  readonly #watcher: Watcher;
  #server: Server | null = null;
  #expectations: Expectation[] = [];
  #posts = 0;
  #refusals = 0;
  /** Every webhook event of requests with a valid signature, in order of arrival. */
  readonly arrivals: Arrival[] = [];

  constructor(secret: string, watcher: Watcher) {
    this.#secret = secret;
    this.#watcher = watcher;
  }

  /** Listens on a free port. Resolves to the URL for the webhook configuration. */
  async listen(): Promise<string> {
    const app = express();
    // The signature covers the raw bytes of the body, so the body must not be parsed first.
    app.use('/webhooks/soketify', express.raw({ type: 'application/json' }), (request, response) =>
      this.#handle(request, response),
    );
    const server = app.listen(0, '127.0.0.1');
    this.#server = server;
    await new Promise<void>((resolve) => void server.once('listening', () => resolve()));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/soketify`;
  }

  /** Answers 500 to the next request with a valid signature. */
  refuseOnce(): void {
    this.#refusals = 1;
  }

  /** Resolves with the next arrival that matches. */
  next(matches: (arrival: Arrival) => boolean): Promise<Arrival> {
    return new Promise((resolve) => void this.#expectations.push({ matches, resolve }));
  }

  /** The webhook events of a channel that were answered 200 so far, such as "member_added user-42". */
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
    // Answer first, then process, as the documentation recommends.
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

/**
 * Posts a webhook with an invalid signature, as an attacker without the secret would.
 * @throws DemoFault unless the receiver answers 401.
 */
export async function forge(url: string): Promise<void> {
  const body = '{"time_ms":1,"events":[{"name":"channel_occupied","channel":"bank"}]}';
  const headers = { 'content-type': 'application/json', 'x-pusher-signature': 'f'.repeat(64) };
  const { status } = await fetch(url, { method: 'POST', headers, body });
  if (status !== 401) throw new DemoFault(`A forged webhook was answered ${status} instead of 401.`);
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
