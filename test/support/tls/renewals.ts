// A program for tests. It renews a gateway's certificate repeatedly while clients connect, and prints as JSON
// how the connections ended. Argument: the number of renewals.
import { setImmediate as turn } from 'node:timers/promises';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../../../src/ports/log.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { createGateway } from '../../../src/transport/gateway.ts';
import { loadUws } from '../../../src/transport/uws.ts';

const renewals = Number(process.argv[2] ?? 30);
const fileOf = (name: string): string => fileURLToPath(new URL(`./${name}.pem`, import.meta.url));
const pair = (name: 'localhost' | 'second') => ({
  certFile: fileOf(`${name}.cert`),
  keyFile: fileOf(`${name}.key`),
});

const gateway = createGateway(await loadUws(), {
  host: '127.0.0.1',
  port: 0,
  path: '',
  tls: pair('localhost'),
  trustedProxies: [],
  compression: false,
  publicMetrics: true,
  maxBackpressureBytes: 1024 * 1024,
  maxTotalBackpressureBytes: 256 * 1024 * 1024,
  clock: systemClock,
  ids: { requestId: () => 'req' },
  log: silentLog,
  answered: () => {},
  refused: () => {},
  frameCeilingBytes: 1024 * 1024,
  bodyBytes: () => 1024 * 1024,
});
const { port } = await gateway.serve<undefined>(
  {
    open: () => undefined,
    receive() {},
    receiveBinary() {},
    accepts: () => true,
    tooLarge() {},
    tooSlow() {},
    closed() {},
  },
  [],
);

const failures: string[] = [];
const count = { clients: 0, answered: 0, renewals: 0 };
const together = 8;
const quietTurns = 5;

/** Connects and sends a request. Resolves when it was answered or failed. */
function visit(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    socket.on('secureConnect', () => socket.write('GET /x HTTP/1.1\r\nHost: a\r\n\r\n'));
    socket.once('data', () => {
      count.answered += 1;
      socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => failures.push(error.code ?? error.message));
    socket.on('close', () => resolve());
  });
}

/**
 * The clients connect together, and again a few turns after all were answered, so that some moments are
 * quiet.
 */
async function visitAll(): Promise<void> {
  while (count.renewals < renewals) {
    count.clients += together;
    await Promise.all(Array.from({ length: together }, visit));
    for (let turns = 0; turns < quietTurns; turns += 1) await turn();
  }
}

async function renewAll(): Promise<void> {
  while (count.renewals < renewals) {
    await gateway.reloadTls(pair(count.renewals % 2 === 0 ? 'second' : 'localhost'));
    count.renewals += 1;
    await turn();
  }
}

await Promise.all([visitAll(), renewAll()]);
gateway.close();
process.stdout.write(`${JSON.stringify({ ...count, failures })}\n`);
process.exit();
