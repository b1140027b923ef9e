import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, open, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Names } from '../../src/delivery/names.ts';
import { createSender } from '../../src/delivery/sender.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { startFullServer } from './support/full-server.ts';
import { startNameServer } from './support/name-server.ts';
import { Receiver } from '../support/receiver.ts';
import { nextTurn } from '../support/turns.ts';
import { senderOf, senders, taken } from './support/senders.ts';

/** Occupies every thread that the process has for look-ups and files, until the test ends. */
function takeAllThreads(): void {
  const folder = mkdtempSync(join(tmpdir(), 'soketify-fifo-'));
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const opened: number[] = [];
  // Opening waits for a writer.
  const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
  for (let thread = 0; thread < threads; thread += 1) {
    open(pipe, 'r', (_, descriptor) => void opened.push(descriptor));
  }
  onTestFinished(async () => {
    const writer = openSync(pipe, constants.O_RDWR);
    while (opened.length < threads) await nextTurn();
    for (const descriptor of [writer, ...opened]) closeSync(descriptor);
    rmSync(folder, { recursive: true });
  });
}

describe.each(senders)('names by %s', (_, create) => {
  test('are looked up without the threads of the process', async () => {
    const receiver = await Receiver.start();
    const { address } = await startNameServer((__, type) => (type === 'A' ? { v4: ['127.0.0.1'] } : {}));
    const clock = new FakeClock();
    const { send } = senderOf(create, clock, new Names({ clock, servers: [address] }));
    takeAllThreads();
    expect(await send(`http://localhost:${receiver.port}/`)).toEqual({ kind: 'answered', status: 200 });
    expect(await send(`http://hooks.test:${receiver.port}/`)).toEqual({ kind: 'answered', status: 200 });
  });

  test('that no server answers fail by themselves, whatever their number', async () => {
    const receiver = await Receiver.start();
    const { address, questions } = await startNameServer((name, type) => {
      if (name.startsWith('silent')) return 'silence';
      return type === 'A' ? { v4: ['127.0.0.1'] } : {};
    });
    const clock = new FakeClock();
    const { send } = senderOf(create, clock, new Names({ clock, servers: [address] }));
    const silent = Array.from({ length: 8 }, (__, index) => send(`http://silent${index}.test/`));
    while (new Set(questions).size < 16) await nextTurn();
    const healthy = Array.from({ length: 20 }, () => send(`http://hooks.test:${receiver.port}/`));
    expect(await Promise.all(healthy)).toEqual(healthy.map(() => ({ kind: 'answered', status: 200 })));
    await clock.advance(3000);
    expect(await Promise.all(silent)).toEqual(
      silent.map(() => ({ kind: 'unreachable', code: 'DNS_TIMEOUT' })),
    );
  });

  test('with several addresses are tried in turn', async () => {
    const receiver = await Receiver.start();
    // Nobody listens on the first.
    const { address } = await startNameServer((__, type) =>
      type === 'A' ? { v4: ['127.0.0.77', '127.0.0.1'] } : {},
    );
    const clock = new FakeClock();
    const { send } = senderOf(create, clock, new Names({ clock, servers: [address] }));
    expect(await send(`http://hooks.test:${receiver.port}/`)).toEqual({ kind: 'answered', status: 200 });
  });
});

test('an address that is slow to connect is not given up for another one', async () => {
  const { port, wake } = await startFullServer();
  // Nobody listens on the second.
  const { address } = await startNameServer((_, type) =>
    type === 'A' ? { v4: ['127.0.0.1', '127.0.0.77'] } : {},
  );
  const create = (clock: Clock, names?: Names) => createSender({ clock, names, requestTimeoutMs: 12_000 });
  const clock = new FakeClock();
  const { send } = senderOf(create, clock, new Names({ clock, servers: [address] }));
  const outcome = send(`http://hooks.test:${port}/`, 12_000);
  await setTimeout(400);
  wake();
  expect(await outcome).toEqual(taken);
});

describe.each(senders)('an endpoint that must be public, by %s', (_, create) => {
  const refused = { kind: 'unreachable', code: 'ADDRESS_NOT_PUBLIC' };

  test.each(['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', 'localhost'])(
    'is not reached at %s',
    async (host) => {
      const receiver = await Receiver.start();
      const { send } = senderOf(create);
      expect(await send(`http://${host}:${receiver.port}/`, 4000, true)).toEqual(refused);
      expect(receiver.connections).toBe(0);
    },
  );

  test('is checked by the address that its name has when it connects', async () => {
    const receiver = await Receiver.start();
    const { address } = await startNameServer((__, type) => (type === 'A' ? { v4: ['127.0.0.1'] } : {}));
    const clock = new FakeClock();
    const { send } = senderOf(create, clock, new Names({ clock, servers: [address] }));
    const url = `http://hooks.test:${receiver.port}/`;
    expect(await send(url, 4000, true)).toEqual(refused);
    // It must not use a connection that others may establish.
    expect(await send(url)).toEqual({ kind: 'answered', status: 200 });
    expect(await send(url, 4000, true)).toEqual(refused);
    expect(receiver.requests).toHaveLength(1);
  });
});
