import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Client } from './support/client.ts';
import { startGateway } from './support/gateway.ts';
import { nextTurn } from '../support/turns.ts';
import { pair } from './support/tls.ts';

const most = { clients: 16, metrics: 18 };
const closedLine =
  'no more clients are accepted until some have left: the remaining open files are reserved for webhooks; raise the limit of open files (ulimit -n)';
const openLine = 'clients are accepted again';

/** Clients that connect and send nothing. The server accepts some and refuses the others. */
async function connectMany(port: number, count: number): Promise<{ inside: Socket[]; refused: number }> {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {
      // Refused, or reset while it waited to be accepted.
    });
    onTestFinished(() => void socket.destroy());
    return socket;
  });
  await Promise.all(sockets.map((socket) => decided(socket)));
  // Clients that wait to be accepted are disconnected when the server stops listening.
  for (let round = 0; round < 50; round += 1) await nextTurn();
  const inside = sockets.filter(({ destroyed }) => !destroyed);
  return { inside, refused: sockets.length - inside.length };
}

function decided(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('connect', () => resolve());
    socket.once('close', () => resolve());
  });
}

async function leave(sockets: readonly Socket[]): Promise<void> {
  for (const socket of sockets) socket.destroy();
  for (let round = 0; round < 50; round += 1) await nextTurn();
}

describe('while there are too many connections', () => {
  test('no more clients are accepted, which is logged once', async () => {
    const { port, gateway, log } = await startGateway({ mostConnections: most });
    const { inside, refused } = await connectMany(port, 40);
    expect([inside.length, refused]).toEqual([16, 24]);
    expect(gateway.isFull).toBe(true);
    expect((await connectMany(port, 20)).refused).toBe(20);
    expect(log.of(closedLine)).toEqual([{ port, connections: 16 }]);
  });

  test('clients that leave make room, on the same port', async () => {
    const { port, gateway, log, clock } = await startGateway({ mostConnections: most });
    const { inside } = await connectMany(port, 40);
    await leave(inside.slice(0, 4));
    expect(gateway.isFull).toBe(true);
    await clock.advance(0);
    expect(gateway.isFull).toBe(false);
    expect(log.of(openLine)).toEqual([{ port, connections: 12 }]);
    const client = new Client(`ws://127.0.0.1:${port}/app/app-key`);
    await client.next('hello');
  });

  test('clients that connect and leave all the time do not flood the log', async () => {
    const { port, log, clock } = await startGateway({ mostConnections: most });
    for (let round = 0; round < 5; round += 1) {
      const { inside } = await connectMany(port, 20);
      await leave(inside);
      await clock.advance(100);
    }
    expect([log.of(closedLine).length, log.of(openLine).length]).toEqual([1, 1]);
    await clock.advance(60_000);
    await connectMany(port, 20);
    expect(log.of(closedLine)).toHaveLength(2);
  });

  test('WebSockets count until they end, served or not', async () => {
    const { port, gateway, clock } = await startGateway({ mostConnections: most });
    const clients = Array.from(
      { length: 12 },
      (_, index) => new Client(`ws://127.0.0.1:${port}/${index < 8 ? 'app/app-key' : 'elsewhere'}`),
    );
    await Promise.all(clients.map((client) => once(client.ws, 'open')));
    for (const client of clients) client.ws.terminate();
    await Promise.all(clients.map((client) => client.closed));
    for (let round = 0; round < 50; round += 1) await nextTurn();
    const { inside } = await connectMany(port, 40);
    expect(inside).toHaveLength(16);
    await leave(inside);
    await clock.advance(0);
    expect(gateway.isFull).toBe(false);
  });

  test('metrics on a port of their own can still be read, by a few', async () => {
    const { port, metricsPort, clock } = await startGateway({
      mostConnections: most,
      metrics: { port: 0 },
    });
    const { inside } = await connectMany(port, 20);
    const readers = await connectMany(metricsPort ?? 0, 10);
    expect([readers.inside.length, readers.refused]).toEqual([2, 8]);
    await leave([...inside, ...readers.inside]);
    await clock.advance(0);
    expect((await connectMany(metricsPort ?? 0, 1)).inside).toHaveLength(1);
  });

  test('a new certificate applies to later clients', async () => {
    const tls = pair('localhost');
    const { port, gateway, clock } = await startGateway({ mostConnections: most, tls });
    const { inside } = await connectMany(port, 40);
    await gateway.reloadTls(pair('second'));
    expect(gateway.isFull).toBe(true);
    await leave(inside);
    await clock.advance(0);
    expect((await connectMany(port, 3)).inside).toHaveLength(3);
  });

  test('a shutdown accepts no clients again', async () => {
    const { port, gateway, clock } = await startGateway({ mostConnections: most });
    const { inside } = await connectMany(port, 40);
    gateway.stop();
    await leave(inside);
    await clock.advance(5000);
    expect((await connectMany(port, 3)).refused).toBe(3);
  });
});
