import { createHmac } from 'node:crypto';
import crypto from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { Journal } from '../journal.ts';
import { readBody, type WebhookEvent } from './receiver.ts';

/**
 * A receiver from the documentation of Soketify. Its handler is unchanged, except for what it does with
 * events.
 */
export interface PageReceiver extends AsyncDisposable {
  readonly url: string;
  /** The events that the handler received. */
  readonly events: Journal<WebhookEvent>;
  /** The answer to each request, and its raw body. */
  readonly answers: Journal<{ readonly status: number; readonly body: string }>;
}

/** "Verification: Node.js / Express". It reads its secret from the environment. */
export function startExpressReceiver(): Promise<PageReceiver> {
  const app = express();
  const events = new Journal<WebhookEvent>('a webhook event');
  const answers: PageReceiver['answers'] = new Journal('an answer');
  app.use((req, res, next) => {
    res.once('finish', () => answers.push({ status: res.statusCode, body: String(req.body) }));
    next();
  });

  // Use raw body for signature verification
  app.use('/webhooks/soketify', express.raw({ type: 'application/json' }), (req, res) => {
    const signature = req.headers['x-pusher-signature'];
    const rawBody = req.body as Buffer; // Buffer

    // Compute expected signature
    const expected = crypto
      .createHmac('sha256', process.env['SOKETIFY_APP_SECRET'] ?? '')
      .update(rawBody)
      .digest('hex');

    if (signature !== expected) {
      return res.status(401).json({ error: 'Invalid signature' });
    }

    const payload = JSON.parse(rawBody.toString()) as { events: WebhookEvent[] };
    handleWebhookEvents(payload.events);

    return res.sendStatus(200);
  });

  function handleWebhookEvents(received: readonly WebhookEvent[]): void {
    for (const event of received) events.push(event);
  }

  return listen(app, { events, answers });
}

/** "Verification: Next.js App Router", with the little of Next.js that it needs. */
export function startNextReceiver(): Promise<PageReceiver> {
  const events = new Journal<WebhookEvent>('a webhook event');
  const answers: PageReceiver['answers'] = new Journal('an answer');

  async function POST(req: Request): Promise<Response> {
    const signature = req.headers.get('x-pusher-signature');
    if (!signature) {
      return Response.json({ error: 'Missing signature' }, { status: 401 });
    }

    const rawBody = await req.text();

    const expected = createHmac('sha256', process.env['SOKETIFY_APP_SECRET'] ?? '')
      .update(rawBody)
      .digest('hex');

    if (signature !== expected) {
      return Response.json({ error: 'Invalid signature' }, { status: 401 });
    }

    const { events: received } = JSON.parse(rawBody) as { events: WebhookEvent[] };

    for (const event of received) {
      // Process events asynchronously if needed — but respond 200 first
      void processEvent(event);
    }

    return Response.json({ ok: true });
  }

  async function processEvent(event: WebhookEvent): Promise<void> {
    await Promise.resolve();
    events.push(event);
  }

  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const body = await readBody(incoming);
    const headers = Object.entries(incoming.headers).map(([name, value]): [string, string] => [
      name,
      String(value),
    ]);
    const response = await POST(
      new Request('http://localhost/', { method: 'POST', headers, body: new Uint8Array(body) }),
    );
    outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text());
    answers.push({ status: response.status, body: body.toString() });
  };
  return listen((incoming, outgoing) => void answer(incoming, outgoing), { events, answers });
}

async function listen(
  handler: RequestListener,
  journals: Pick<PageReceiver, 'events' | 'answers'>,
): Promise<PageReceiver> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    ...journals,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/soketify`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
