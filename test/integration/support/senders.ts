import { constants } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { Names } from '../../../src/delivery/names.ts';
import { createSender } from '../../../src/delivery/sender.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { PostSender } from '../../../src/ports/webhook-sender.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { pair } from './tls.ts';
import { nextTurn } from '../../support/turns.ts';

/** A response, and the resulting outcome. */
export const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
/** A response whose body does not end yet, and the resulting outcome. */
export const halfOk = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf';
export const taken = { kind: 'answered', status: 200, body: 'ok' };
export const halfTaken = { kind: 'answered', status: 200, body: 'half' };
/** How long a body is waited for. */
export const bodyPatienceMs = 250;

type Create = (clock: Clock, names?: Names) => PostSender;

/** Both kinds of senders, which must behave alike. */
export const senders: readonly (readonly [string, Create])[] = [
  ['a kept connection', (clock, names) => createSender({ clock, names })],
  ['a connection of its own', (clock, names) => createSender({ clock, keepsConnections: false, names })],
];

/** A sender that is closed with the test. */
export function senderOf(create: Create, clock = new FakeClock(), names?: Names) {
  const sender = create(clock, names);
  onTestFinished(() => sender.close());
  const send = (url: string, timeoutMs = 4000, publicOnly = false) =>
    sender.send(
      { url, headers: { 'Content-Type': 'application/json' }, body: Buffer.from('{"a":1}'), publicOnly },
      timeoutMs,
    );
  return { sender, send, clock };
}

/** A TCP server that passes on each connection once something was sent on it. */
export async function tcpServer(serve: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {
      // The other side may reset; that is what is tested.
    });
    socket.once('data', () => serve(socket));
  });
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${await portOf(server)}/`;
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** What a raw server knows of one request. */
export interface Exchange {
  readonly socket: Socket;
  /** Counts the connections, from 1. */
  readonly connection: number;
}

/** A server that receives each request of `senderOf` once it is complete, and responds with bytes. */
export async function rawServer(
  answer: (exchange: Exchange) => void,
  scheme: 'http' | 'https' = 'http',
): Promise<{ readonly url: string; readonly sockets: readonly Socket[] }> {
  const sockets: Socket[] = [];
  const serve = (socket: Socket): void => {
    const connection = sockets.push(socket);
    let received = '';
    socket.on('error', () => {
      // The other side may reset.
    });
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      if (!received.endsWith('{"a":1}')) return;
      received = '';
      answer({ socket, connection });
    });
  };
  const server = scheme === 'http' ? createServer(serve) : createTlsServer(certificate(), serve);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `${scheme}://127.0.0.1:${await portOf(server)}/hook`, sockets };
}

/** A TLS server that answers one request on each connection, and refuses every client that wants to resume a session. */
export async function forgetfulServer(): Promise<string> {
  const options = {
    ...certificate(),
    maxVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_TICKET,
  } as const;
  const server = createTlsServer(options, (socket) => {
    socket.once('data', () => socket.end(ok.replace('OK', 'OK\r\nConnection: close')));
  });
  const begun = new Set<string>();
  server.on('newSession', (id: Buffer, _session: Buffer, done: () => void) => {
    begun.add(id.toString('hex'));
    done();
  });
  server.on('resumeSession', (id: Buffer, answer: (error: Error | null, session: null) => void) => {
    answer(begun.has(id.toString('hex')) ? new Error('refused') : null, null);
  });
  onTestFinished(() => void server.close());
  return `https://127.0.0.1:${await portOf(server)}/hook`;
}

function certificate() {
  const { certFile, keyFile } = pair('localhost');
  return { cert: readFileSync(certFile), key: readFileSync(keyFile) };
}

/** Writes one part after the other, each in a packet of its own. */
export async function writeParts(socket: Socket, parts: Iterable<string>): Promise<void> {
  socket.setNoDelay(true);
  for (const part of parts) {
    if (socket.destroyed) return;
    await new Promise((resolve) => void socket.write(part, resolve));
    await nextTurn();
  }
}

/** Resolves when a timer of this length is set. */
export function timerSet(clock: FakeClock, delayMs: number): Promise<void> {
  const after = clock.after.bind(clock);
  return new Promise((resolve) => {
    clock.after = (ms, run) => {
      if (ms === delayMs) resolve();
      return after(ms, run);
    };
  });
}
