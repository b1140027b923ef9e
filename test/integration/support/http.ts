import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { request, type Dispatcher } from 'undici';
import { signedQuery, type Credentials } from '../../support/sign-request.ts';
import { app } from './server.ts';

interface Port {
  readonly port: number;
}

/** A response whose body was read. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** The target of a signed request. */
export function signedTarget(
  method: string,
  path: string,
  { parameters = {}, body = '', of = app }: Signing = {},
): string {
  return `${path}?${signedQuery(of, { method, path, body: body || undefined, query: parameters })}`;
}

interface Signing {
  readonly parameters?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly of?: Credentials;
}

/** A plain GET. */
export async function get(server: Port, target: string, dispatcher?: Dispatcher): Promise<Answer> {
  return send(server, 'GET', target, { dispatcher });
}

/** A signed GET whose response is JSON. */
export async function query(server: Port, path: string, parameters: Record<string, string> = {}) {
  const { status, body } = await get(server, signedTarget('GET', path, { parameters }));
  if (status !== 200) throw new Error(`${status} ${body}`);
  return JSON.parse(body) as unknown;
}

/** A signed POST. */
export async function post(
  server: Port,
  path: string,
  content: unknown,
  dispatcher?: Dispatcher,
): Promise<Answer> {
  const body = typeof content === 'string' ? content : JSON.stringify(content);
  return send(server, 'POST', signedTarget('POST', path, { body }), { body, dispatcher });
}

/** Publishes an event. */
export function trigger(server: Port, channel: string, data = '{}', name = 'news'): Promise<Answer> {
  return post(server, '/apps/1/events', { name, channels: [channel], data });
}

async function send(
  server: Port,
  method: 'GET' | 'POST',
  target: string,
  { body, dispatcher }: { body?: string; dispatcher?: Dispatcher | undefined },
): Promise<Answer> {
  const answer = await request(`http://127.0.0.1:${server.port}${target}`, {
    method,
    ...(body !== undefined && { body }),
    ...(dispatcher && { dispatcher }),
  });
  const contentType = String(answer.headers['content-type'] ?? '');
  return { status: answer.statusCode, contentType, body: await answer.body.text() };
}

/** The value of a metric, summed over the labels that contain `label`. */
export async function metric(server: Port, name: string, label = ''): Promise<number> {
  const { body } = await get(server, '/metrics');
  return body
    .split('\n')
    .filter((line) => /^[{ ]/.test(line.slice(name.length)) && line.startsWith(name) && line.includes(label))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** A bare TCP connection that has sent this text. */
export async function dial(server: Port, bytes: string): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {
    // Some of these tests cause a reset.
  });
  await once(socket, 'connect');
  socket.write(bytes);
  return socket;
}

/** Everything received on a bare connection until the server closes it. */
export function readAll(socket: Socket): Promise<string> {
  return text(socket);
}

/** The data received on a bare connection until this text arrives, or until the server closes it. */
export async function readUntil(socket: Socket, wanted: string): Promise<string> {
  let all = '';
  for await (const chunk of socket) {
    all += String(chunk);
    if (all.includes(wanted)) break;
  }
  return all;
}

/** Resolves when the server, which has a route `/probe`, has read everything that was written before. */
export async function caughtUp(server: Port): Promise<void> {
  const socket = await dial(server, requestHead('GET /probe'));
  await once(socket, 'data');
  socket.destroy();
}

/** The head of a request as text: `GET /path` and further header fields. */
export function requestHead(line: string, ...fields: string[]): string {
  return [`${line} HTTP/1.1`, 'Host: localhost', ...fields, '', ''].join('\r\n');
}
