import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { app, type AppConfig } from './config.ts';
import { sendRaw, type RawRequest } from './raw-http.ts';
import type { Receiver, WebhookEvent } from './receiver.ts';
import type { Server } from './server.ts';
import type { Frame } from '../raw-client.ts';
import { Socket } from './socket.ts';

/**
 * What a client or server library that does not run here sends, and what it needs to receive. In a frame,
 * `{{auth}}` means the signature of the application's backend, `{{a}}` for the id of socket a, and
 * `{"$match": "..."}` for any text that matches.
 */
export interface Vector {
  readonly client: string;
  readonly fact: string;
  /** Where the fact comes from: a page of the documentation, or the source of a library. */
  readonly source: string;
  readonly steps: readonly Step[];
}

type Step =
  | (Connect & { readonly do: 'connect' })
  | { readonly do: 'send'; readonly socket: string; readonly frame: SentFrame }
  | { readonly do: 'receive'; readonly socket: string; readonly frame: Frame }
  | { readonly do: 'ping'; readonly socket: string; readonly payload: string }
  | { readonly do: 'request'; readonly request: Request; readonly answer: Answer }
  | (Webhook & { readonly do: 'webhook' });

interface Connect {
  readonly socket: string;
  readonly query: string;
  readonly app?: AppName;
  /** Replaces the app's own. */
  readonly key?: string;
  readonly subprotocol?: string;
  /** The subprotocol that the server must accept. */
  readonly granted?: string;
  /** The type of the first frame's data, which must be a string. */
  readonly established?: string;
  /** The expected failure to connect: an error as an object, and the close with its code and text. */
  readonly refused?: { readonly code: number; readonly message: string };
}

interface SentFrame {
  readonly event: string;
  readonly channel?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

interface Request extends Omit<RawRequest, 'escape' | 'app'> {
  readonly escape?: keyof typeof escapes;
  readonly app?: AppName;
}

interface Answer {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
}

interface Webhook {
  readonly event: WebhookEvent;
  readonly body?: string;
  readonly headerNames?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeMsWithin?: number;
}

type AppName = keyof typeof apps;

/** The apps that vectors refer to by name. The first is the default. */
export const apps = {
  main: app,
  counting: named('2', { subscriptionCount: true }),
  disabled: named('3', { enabled: false }),
  secure: named('4', { forceTls: true }),
  small: named('5', { limits: { connections: 1 } }),
} satisfies Record<string, AppConfig>;

function named(id: string, more: Partial<AppConfig>): AppConfig {
  return { id, key: `key-${id}`, secret: `secret-${id}`, ...more };
}

const escapes = {
  component: encodeURIComponent,
  form: (text: string) => encodeURIComponent(text).replaceAll('%20', '+'),
};

export function readVectors(): readonly Vector[] {
  const file = new URL('../../vectors/clients.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as readonly Vector[];
}

/** Acts as the library does, and expects what it needs. */
export async function perform(vector: Vector, server: Server, hooks: Receiver): Promise<void> {
  const sockets = new Map<string, Socket>();
  const socketOf = (name: string): Socket => {
    const socket = sockets.get(name);
    if (socket === undefined) throw new Error(`${vector.fact}: no socket ${name} is connected`);
    return socket;
  };
  const expected = (value: unknown): unknown => expectation(value, (name) => socketOf(name).id);
  for (const step of vector.steps) {
    switch (step.do) {
      case 'connect':
        sockets.set(step.socket, await connect(server, step));
        break;
      case 'send':
        socketOf(step.socket).send(signed(step.frame, socketOf(step.socket)));
        break;
      case 'receive':
        expect(await socketOf(step.socket).nextFrame()).toEqual(expected(step.frame));
        break;
      case 'ping':
        expect(await socketOf(step.socket).ping(step.payload)).toBe(step.payload);
        break;
      case 'request':
        await request(server, step.request, step.answer);
        break;
      case 'webhook':
        await receive(hooks, { ...step, event: expected(step.event) as WebhookEvent });
        break;
    }
  }
  // The server sends nothing that the library does not expect.
  for (const socket of sockets.values()) {
    if (socket.id !== '') expect(await socket.framesBeforePong()).toEqual([]);
  }
}

async function connect(server: Server, step: Connect): Promise<Socket> {
  const { query, subprotocol, refused } = step;
  const of = apps[step.app ?? 'main'];
  const socket = new Socket(server, {
    app: { ...of, key: step.key ?? of.key },
    query,
    ...(subprotocol !== undefined && { subprotocol }),
  });
  if (refused !== undefined) {
    await socket.expectFrame({ event: 'pusher:error', data: refused });
    expect(await socket.closed).toEqual({ code: refused.code, reason: refused.message });
    return socket;
  }
  await socket.expectEstablished();
  const [first] = socket.frames.items;
  if (step.established !== undefined) expect(first?.data).toMatch(new RegExp(step.established));
  if (step.granted !== undefined) expect(socket.subprotocol).toBe(step.granted);
  return socket;
}

/** The frame with the signature of the application's backend. */
function signed(frame: SentFrame, socket: Socket): SentFrame {
  const { data } = frame;
  if (data?.['auth'] !== '{{auth}}') return frame;
  const { channel, channel_data: channelData, user_data: userData } = data;
  const parts = userData === undefined ? [channel, channelData] : [':user:', userData];
  const text = parts.filter((part) => typeof part === 'string').join(':');
  return { ...frame, data: { ...data, auth: socket.authFor(text) } };
}

async function request(server: Server, sent: Request, answer: Answer): Promise<void> {
  const { escape, app: of, ...rest } = sent;
  const got = await sendRaw(server, {
    ...rest,
    ...(escape && { escape: escapes[escape] }),
    ...(of && { app: apps[of] }),
  });
  expect({ status: got.status, text: got.text }).toEqual({
    status: answer.status,
    text: answer.text ?? JSON.stringify(answer.json),
  });
  const type = answer.status === 200 ? 'application/json' : 'text/plain; charset=utf-8';
  expect(got.headers['content-type']).toBe(type);
}

async function receive(hooks: Receiver, wanted: Webhook): Promise<void> {
  const { event, body, headerNames = [], headers = {}, timeMsWithin = Infinity } = wanted;
  const got = await hooks.requests.first(({ events }) =>
    events.some(({ name, channel }) => name === event.name && channel === event.channel),
  );
  expect(got.verified).toBe(true);
  expect(got.events).toContainEqual(event);
  if (body !== undefined) expect(got.body).toMatch(new RegExp(body));
  expect(got.headerNames).toEqual(expect.arrayContaining([...headerNames]));
  expect(got.headers).toMatchObject(headers);
  expect(Math.abs(got.timeMs - Date.now())).toBeLessThan(timeMsWithin);
}

/** The value with its placeholders filled in: socket ids, and patterns for texts. */
function expectation(value: unknown, idOf: (socket: string) => string): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => idOf(name));
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => expectation(item, idOf));
  if ('$match' in value) return expect.stringMatching(new RegExp(String(value.$match)));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expectation(item, idOf)]));
}
