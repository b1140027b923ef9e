import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { frames, requests } from './words.ts';

/** The target of an attack, and its source of random choices. */
export interface Target {
  readonly port: number;
  /** The public key of an app. */
  readonly key: string;
  readonly seed: number;
}

/** An attacker who knows only the public key of an app. Each attack ends by itself. */
export type Attack = (target: Target) => Promise<void>;

/** The attacks by name. Each is bounded in connections, messages and bytes. */
export const attacks: Readonly<Record<string, Attack>> = {
  'frames of every kind': async ({ port, seed, key }) => {
    await Promise.all(
      frames(seed, 8).map(async (_, client) => talk({ port, key }, frames(seed + client, 250))),
    );
  },
  'malformed frames of one byte': async ({ port, key }) => {
    await Promise.all(
      times(5, () =>
        talk(
          { port, key },
          Array.from({ length: 20_000 }, () => '{'),
        ),
      ),
    );
  },
  'deeply nested frames': async ({ port, key }) => {
    await Promise.all(
      times(5, () =>
        talk(
          { port, key },
          Array.from({ length: 20 }, () => '[[],'.repeat(60_000)),
        ),
      ),
    );
  },
  'an endless series of channels, each occupied and left': async ({ port, seed, key }) => {
    const commands = Array.from({ length: 4000 }, (_, index) =>
      ['subscribe', 'unsubscribe'].map((what) =>
        JSON.stringify({ event: `pusher:${what}`, data: { channel: `flood-${seed}-${index}` } }),
      ),
    ).flat();
    await Promise.all(times(3, () => talk({ port, key }, commands)));
  },
  'rejected subscriptions': async ({ port, key }) => {
    const wrong = JSON.stringify({
      event: 'pusher:subscribe',
      data: { channel: 'private-a', auth: `${key}:0` },
    });
    await Promise.all(
      times(5, () =>
        talk(
          { port, key },
          Array.from({ length: 5000 }, () => wrong),
        ),
      ),
    );
  },
  'clients that provoke errors and never read': async ({ port, key }) => {
    await Promise.all(
      times(20, () =>
        talk(
          { port, key },
          Array.from({ length: 2000 }, () => '{'),
          { reads: false },
        ),
      ),
    );
  },
  'connections that open and close': async ({ port, key }) => {
    for (let round = 0; round < 5; round += 1) await Promise.all(times(50, () => talk({ port, key }, [])));
  },
  'requests of every kind': async ({ port, seed }) => {
    const all = requests(seed, 300);
    for (let index = 0; index < all.length; index += 20) {
      await Promise.all(all.slice(index, index + 20).map((request) => write(port, [request])));
    }
  },
  'bodies in chunks of one byte that never end': async ({ port }) => {
    const head = 'POST /apps/1/events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    const chunks = Array.from({ length: 200 }, () => '1\r\nx\r\n'.repeat(1000));
    await Promise.all(times(5, () => write(port, [head, ...chunks])));
  },
  'requests whose headers never end': async ({ port }) => {
    await Promise.all(times(50, () => write(port, ['GET /apps/1/channels HTTP/1.1\r\nHost: a\r\nX-A: '])));
  },
};

/** Sends these messages over a connection, waits for the answers, and disconnects. */
async function talk(
  { port, key }: Pick<Target, 'port' | 'key'>,
  texts: readonly string[],
  { reads = true }: { readonly reads?: boolean } = {},
): Promise<void> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/app/${key}?protocol=7`, { perMessageDeflate: false });
  const closed = new Promise<void>((resolve) => ws.once('close', () => resolve()));
  // Every error is followed by `close`.
  ws.on('error', () => {});
  await new Promise<void>((resolve) => {
    ws.once('open', () => resolve());
    void closed.then(resolve);
  });
  if (!reads) ws.pause();
  for (const text of texts) ws.send(text, () => {});
  if (reads && ws.readyState === WebSocket.OPEN) {
    const answered = new Promise<void>((resolve) => ws.once('pong', () => resolve()));
    ws.ping(undefined, undefined, () => {});
    await Promise.race([closed, answered]);
  }
  ws.terminate();
  if (reads) await closed;
}

/** Writes these bytes to a connection, and ends it when they are written or the server closes it. */
async function write(port: number, texts: readonly string[]): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  socket.resume();
  for (const text of texts) {
    if (socket.destroyed) break;
    if (!socket.write(text, 'latin1')) await Promise.race([closed, drained(socket)]);
  }
  socket.end();
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 50))]);
  socket.destroy();
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('drain', () => resolve()));
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}
