import { once } from 'node:events';
import { createServer } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startExclusively } from '../../src/transport/exclusive-start.ts';

const address = { host: '127.0.0.1', port: 7 };

test.runIf(process.platform === 'linux')(
  'nothing is done while another program does it for the same address',
  async () => {
    const other = createServer().listen('\0soketify-emulator 127.0.0.1 7');
    await once(other, 'listening');
    let isDone = false;
    const done = startExclusively(address, () => (isDone = true));
    expect(await startExclusively({ ...address, port: 8 }, () => 'another address')).toBe('another address');
    for (let turns = 0; turns < 10; turns += 1) await nextTurn();
    expect(isDone).toBe(false);
    other.close();
    expect(await done).toBe(true);
  },
);

test('an error of the work is passed on, and the next work is done', async () => {
  const failing = startExclusively(address, () => {
    throw new Error('the port is used');
  });
  await expect(failing).rejects.toThrow('the port is used');
  expect(await startExclusively(address, () => 'done')).toBe('done');
});
