import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { startServer } from './support/server.ts';
import { nextTurn } from '../support/turns.ts';

test('health and metrics report that no client is accepted, to those who are connected', async () => {
  // Three quarters of the files are for clients, except for what is open and what is opened later.
  const server = await startServer({}, { openFiles: { limit: 80, open: 26 } });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const get = async (path: string): Promise<string> => {
    const outgoing = request({ host: '127.0.0.1', port: server.port, path, agent });
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    return `${response.statusCode} ${await text(response)}`;
  };
  expect(await get('/healthz')).toBe('200 {"status":"ready","apps":1}');
  expect(await get('/metrics')).toContain('soketify_accepting 1');
  const sockets = Array.from({ length: 9 }, () => connect(server.port, '127.0.0.1'));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  for (let round = 0; round < 50; round += 1) await nextTurn();
  expect(await get('/healthz')).toBe('200 {"status":"degraded","apps":1,"clients":"not accepted"}');
  expect(await get('/metrics')).toContain('soketify_accepting 0');
});
