import { Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Client } from './support/client.ts';
import { Receiver } from '../support/receiver.ts';
import { app, startServer } from './support/server.ts';
import { nextTurn } from '../support/turns.ts';

test('a fact for many endpoints is sent over several turns of the event loop, a few in each', async () => {
  const count = 64;
  const receiver = await Receiver.start();
  const webhooks = Array.from({ length: count }, (_, index) => ({ url: `${receiver.url}/${index}` }));
  const server = await startServer({ apps: [{ ...app, webhooks }], webhooks: { batch: { maxDelayMs: 0 } } });
  const client = await Client.connect(server);
  const untilTold = async (requests: number): Promise<void> => {
    while (receiver.requests.length < requests) await nextTurn();
  };
  // Once everything has been loaded.
  await client.subscribe('first');
  await untilTold(count);

  const { write: written } = Socket.prototype;
  const startsByTurn = new Map<number, number>();
  let turns = 0;
  const write = vi.spyOn(Socket.prototype, 'write').mockImplementation(function (
    this: Socket,
    data,
    ...rest
  ) {
    if (Buffer.from(data).toString().startsWith('POST ')) {
      startsByTurn.set(turns, (startsByTurn.get(turns) ?? 0) + 1);
    }
    return written.call(this, data, ...rest);
  });
  const countTurns = async (): Promise<void> => {
    for (; receiver.requests.length < 2 * count; turns += 1) await nextTurn();
  };
  onTestFinished(() => write.mockRestore());
  await Promise.all([countTurns(), client.subscribe('room'), untilTold(2 * count)]);
  const starts = [...startsByTurn.values()];
  expect(starts.reduce((sum, each) => sum + each, 0)).toBe(count);
  // The turns of the test are counted between those of the program.
  expect(Math.max(...starts)).toBeLessThanOrEqual(2 * 16);
});
