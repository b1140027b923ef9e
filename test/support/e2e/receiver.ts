import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Journal } from '../journal.ts';

export interface WebhookEvent {
  readonly name: string;
  readonly channel: string;
  readonly user_id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly socket_id?: string;
  readonly subscription_count?: number;
}

export interface WebhookRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Header names as they were sent. */
  readonly headerNames: readonly string[];
  readonly body: string;
  /** Whether the signature matches the raw body and the receiver's secret. */
  readonly verified: boolean;
  readonly timeMs: number;
  readonly events: readonly WebhookEvent[];
  readonly atMs: number;
  readonly answer: Answer;
}

/** A status, or no answer at all. */
export type Answer = number | 'reset' | 'hang' | { readonly status: number; readonly location: string };

interface ReceiverOptions {
  readonly secret?: string;
  /** The answer to the request with this number, counted from 0. Default: 200. */
  readonly answer?: (index: number, events: readonly WebhookEvent[]) => Answer | Promise<Answer>;
}

export interface Receiver extends AsyncDisposable {
  readonly url: string;
  /** Every request, whatever the answer. */
  readonly requests: Journal<WebhookRequest>;
  /** The events of verified requests that were answered 2xx. */
  readonly events: Journal<WebhookEvent>;
  /** All events of a channel, once there are `count`. */
  eventsOf(channel: string, count: number): Promise<WebhookEvent[]>;
  /** The same, only their names. */
  namesOf(channel: string, count: number): Promise<string[]>;
  close(): Promise<void>;
}

/** A webhook endpoint on a free port. */
export async function startReceiver({
  secret = 'app-secret',
  answer,
}: ReceiverOptions = {}): Promise<Receiver> {
  const requests = new Journal<WebhookRequest>('a webhook request');
  const events = new Journal<WebhookEvent>('a webhook event');
  let count = 0;

  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await readBody(request);
    const verified =
      request.headers['x-pusher-signature'] === createHmac('sha256', secret).update(body).digest('hex');
    const payload = parsePayload(body);
    const given = verified ? ((await answer?.(count++, payload.events)) ?? 200) : 401;
    requests.push({
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      headerNames: request.rawHeaders.filter((_, index) => index % 2 === 0),
      body: body.toString(),
      verified,
      timeMs: payload.time_ms,
      events: payload.events,
      atMs: Date.now(),
      answer: given,
    });
    if (isSuccess(given)) for (const event of payload.events) events.push(event);
    respond(response, given);
  };

  const eventsOf = (channel: string, least: number) =>
    events.count(least, (event) => event.channel === channel);
  const server = createServer((request, response) => void receive(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    requests,
    events,
    eventsOf,
    namesOf: async (channel, least) => (await eventsOf(channel, least)).map(({ name }) => name),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The URL of a port on which nothing listens. */
export async function deadUrl(): Promise<string> {
  const receiver = await startReceiver();
  await receiver.close();
  return receiver.url;
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function parsePayload(body: Buffer): { time_ms: number; events: WebhookEvent[] } {
  return JSON.parse(body.toString()) as { time_ms: number; events: WebhookEvent[] };
}

function isSuccess(answer: Answer): boolean {
  return typeof answer === 'number' && answer >= 200 && answer < 300;
}

function respond(response: ServerResponse, answer: Answer): void {
  if (answer === 'hang') return;
  if (answer === 'reset') {
    response.socket?.resetAndDestroy();
  } else if (typeof answer === 'number') {
    response.writeHead(answer).end();
  } else {
    response.writeHead(answer.status, { location: answer.location }).end();
  }
}
