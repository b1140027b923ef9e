import { once } from 'node:events';
import { afterAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { app } from '../support/e2e/config.ts';
import { startServer } from '../support/e2e/server.ts';
import { Socket } from '../support/e2e/socket.ts';

const server = await startServer({ apps: [app] });
afterAll(() => server.stop());

describe('a connection', () => {
  test.each([
    'protocol=3',
    'protocol=1',
    'protocol=0',
    'protocol=8',
    'protocol=x',
    'protocol=-1',
    'protocol=5.5',
  ])('with %s is refused with 4007', async (query) => {
    const socket = new Socket(server, { query });
    const { event, data } = await socket.nextFrame();
    expect({ event, data }).toEqual({
      event: 'pusher:error',
      data: { message: expect.any(String) as unknown, code: 4007 },
    });
    const { message } = data as { message: string };
    expect(await socket.closed).toEqual({ code: 4007, reason: message });
  });

  test.each(['', 'protocol=4', 'protocol=5', 'protocol=7&client=js&version=8.6.0&flash=false'])(
    'with "%s" is accepted',
    async (query) => {
      const socket = new Socket(server, { query });
      expect(await socket.expectEstablished()).toEqual({
        socket_id: expect.stringMatching(/^\d+\.\d+$/),
        activity_timeout: 120,
      });
    },
  );

  test.each(['nobody', '__proto__', '%zz', 'x'.repeat(2000)])(
    'with the key %s is refused with 4001',
    async (key) => {
      const socket = new Socket(server, { app: { ...app, key } });
      const { data } = await socket.nextFrame();
      expect(data).toEqual({
        message: expect.stringMatching(/^App key .* not in this cluster\. /),
        code: 4001,
      });
      expect((await socket.closed).code).toBe(4001);
    },
  );

  test('that offers the subprotocol of the Swift library gets it', async () => {
    const protocol = 'pusher-channels-protocol-7';
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/app/${app.key}?protocol=7`, protocol);
    await once(socket, 'open');
    expect(socket.protocol).toBe(protocol);
    socket.terminate();
  });

  test('that sends a WebSocket ping receives its pong', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/app/${app.key}?protocol=7`);
    await once(socket, 'open');
    socket.ping('are you there');
    const [payload] = (await once(socket, 'pong')) as [Buffer];
    expect(payload.toString()).toBe('are you there');
    socket.terminate();
  });
});
