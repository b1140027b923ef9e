import { once } from 'node:events';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { app, quick } from '../support/e2e/config.ts';
import { Journal } from '../support/e2e/journal.ts';
import { sendRaw } from '../support/e2e/raw-http.ts';
import { startReceiver, type Receiver, type WebhookEvent } from '../support/e2e/receiver.ts';
import { authorize } from '../support/e2e/sdk.ts';
import { startServer, type Server } from '../support/e2e/server.ts';
import { connectSocket, type Frame, type Socket } from '../support/e2e/socket.ts';
import { vectors } from '../support/unit/vectors.ts';

interface Member {
  readonly user_id: string;
  readonly user_info?: Record<string, unknown>;
}

type Step =
  | { readonly subscribe: string; readonly member?: Member }
  | { readonly send: object }
  | { readonly wsPing: true }
  /** Another client, which is not the library under test. */
  | { readonly other: string; readonly member?: Member }
  | { readonly otherLeaves: string }
  | { readonly otherSends: object };

/** What one library is known to send, and what it needs to read; the source says how that is known. */
interface Fact {
  readonly client: string;
  readonly fact: string;
  readonly source: string;
  readonly query?: string;
  readonly key?: string;
  readonly subprotocol?: string;
  readonly steps?: readonly Step[];
  readonly receives?: readonly Frame[];
  readonly closes?: number;
  readonly api?: {
    readonly method: string;
    readonly path: string;
    readonly params?: readonly (readonly [string, string])[];
    readonly body?: object;
    readonly alwaysMd5?: boolean;
    readonly escapes?: boolean;
  };
  readonly answers?: object;
  readonly webhook?: WebhookEvent;
}

let server: Server;
let hooks: Receiver;

beforeAll(async () => {
  hooks = await startReceiver();
  server = await startServer({ apps: [{ ...app, webhooks: [{ url: hooks.url }] }], webhooks: quick });
});
afterAll(async () => {
  await server.stop();
  await hooks.close();
});

test.each(vectors('clients') as readonly Fact[])('$client $fact ($source)', async (fact) => {
  if (fact.query !== undefined) await connectAs(fact, fact.query);
  if (fact.api !== undefined) await ask(fact.api, fact.answers ?? {});
  if (fact.webhook !== undefined) {
    const { name, channel } = fact.webhook;
    const isIt = (event: WebhookEvent) => event.name === name && event.channel === channel;
    const request = await hooks.requests.first(({ events }) => events.some(isIt));
    const event = request.events.find(isIt);
    expect(event).toEqual({ ...fact.webhook, socket_id: expect.stringMatching(/^\d+\.\d+$/) as string });
    expect(request.headerNames).toEqual(expect.arrayContaining(['X-Pusher-Key', 'X-Pusher-Signature']));
    expect(request.headers['content-type']).toBe('application/json');
    expect(Number.isInteger(request.timeMs)).toBe(true);
    expect(Math.abs(Date.now() - request.timeMs)).toBeLessThan(300_000);
  }
});

async function connectAs({ key = app.key, subprotocol, steps = [], receives, closes }: Fact, query: string) {
  const url = `ws://127.0.0.1:${server.port}/app/${key}?${query}`;
  const socket = new WebSocket(url, subprotocol === undefined ? [] : [subprotocol]);
  onTestFinished(() => socket.terminate());
  const frames = new Journal<Frame>('a frame');
  socket.on('message', (data: Buffer) => frames.push(JSON.parse(String(data)) as Frame));
  const closed = once(socket, 'close').then(([code]) => code as number);
  await once(socket, 'open');
  expect(socket.protocol).toBe(subprotocol ?? '');
  if (closes !== undefined) expect(await closed).toBe(closes);
  else {
    const { event, data } = await frames.until(([first]) => first);
    expect(event).toBe('pusher:connection_established');
    const { socket_id: id } = JSON.parse(String(data)) as { socket_id: string };
    expect(id).toMatch(/^\d+\.\d+$/);
    frames.items.shift();
    let other: Socket | undefined;
    for (const step of steps) other = await take(step, { socket, frames, id, other });
  }
  const expected = receives ?? frames.items;
  await frames.until((items) => items.length >= expected.length);
  expect(frames.items).toEqual(expected);
}

interface Stage {
  readonly socket: WebSocket;
  readonly frames: Journal<Frame>;
  readonly id: string;
  readonly other: Socket | undefined;
}

/** Takes one step, and waits until it has been answered, so that the steps keep their order. */
async function take(step: Step, { socket, frames, id, other }: Stage): Promise<Socket | undefined> {
  if ('send' in step) socket.send(JSON.stringify(step.send));
  if ('wsPing' in step) {
    socket.ping();
    await once(socket, 'pong');
  }
  if ('subscribe' in step) {
    const isPublic = !/^(private|presence)-/.test(step.subscribe);
    const signed = isPublic ? { auth: '' } : authorize(id, step.subscribe, step.member);
    socket.send(JSON.stringify({ event: 'pusher:subscribe', data: { channel: step.subscribe, ...signed } }));
    await frames.first(({ channel }) => channel === step.subscribe);
  }
  if ('otherSends' in step) other?.send(step.otherSends);
  if ('otherLeaves' in step) other?.unsubscribe(step.otherLeaves);
  if (!('other' in step)) return other;
  const newcomer = await connectSocket(server);
  await newcomer.subscribe(step.other, step.member);
  return newcomer;
}

async function ask(
  { method, path, params = [], body, alwaysMd5 = false, escapes = false }: NonNullable<Fact['api']>,
  expected: object,
): Promise<void> {
  const { status, headers, text } = await sendRaw(server, {
    method,
    path,
    params,
    alwaysMd5,
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(escapes && { escape: encodeURIComponent }),
  });
  expect({ status, type: headers['content-type'], body: JSON.parse(text) as unknown }).toEqual({
    status: 200,
    type: 'application/json',
    body: expected,
  });
}
