import { readdirSync } from 'node:fs';
import { connect, type Socket as TcpSocket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { quickConfig } from '../support/e2e/config.ts';
import { startReceiver } from '../support/e2e/receiver.ts';
import { startServer, type LogLine } from '../support/e2e/server.ts';
import { connectSocket } from '../support/e2e/socket.ts';

const openFiles = 256;

/** Resolves once it is known whether the server accepts connections. */
function dial(port: number): Promise<TcpSocket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.once('connect', () => resolve(socket));
    // Connections that wait to be accepted may also be reset later.
    socket.on('error', () => resolve(undefined));
  });
}

const says = (start: string) => (line: LogLine) => line.msg?.startsWith(start) === true;
const closed = says('no more clients are accepted');
const open = says('clients are accepted again');

test.runIf(process.platform === 'linux')(
  'clients cannot use up the open files that webhooks need, and new clients are accepted when others have left',
  async () => {
    await using hooks = await startReceiver();
    await using server = await startServer(quickConfig({ url: hooks.url }), { openFiles });
    const guest = await connectSocket(server);
    const strangers = await Promise.all(Array.from({ length: 400 }, () => dial(server.port)));
    const { connections = 0 } = await server.log.first(closed);
    expect(connections).toBeGreaterThan(100);

    // Nothing listens there, so that no connection is accepted in vain. Some files are left.
    expect(await dial(server.port)).toBeUndefined();
    expect(readdirSync(`/proc/${server.pid}/fd`).length).toBeLessThanOrEqual(openFiles - openFiles / 8);

    for (let index = 0; index < 20; index += 1) {
      await guest.subscribe(`room-${index}`);
      expect(await hooks.namesOf(`room-${index}`, 1)).toEqual(['channel_occupied']);
    }

    for (const stranger of strangers) stranger?.destroy();
    await server.log.first(open);
    const late = await connectSocket(server);
    await late.subscribe('room-late');
    expect(await hooks.namesOf('room-late', 1)).toEqual(['channel_occupied']);
    expect(server.log.items.filter(closed)).toHaveLength(1);
    expect(server.log.items.filter(says('webhook attempt failed'))).toEqual([]);
  },
);
