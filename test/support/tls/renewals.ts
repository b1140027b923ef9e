// A program for tests: renews the certificate of a gateway every few turns while clients connect all the time, and
// prints as JSON what became of them. Argument: how many clients.
import { setImmediate as turn } from 'node:timers/promises';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../../../src/ports/log.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { createGateway } from '../../../src/transport/gateway.ts';
import { loadUws } from '../../../src/transport/uws.ts';

const clients = Number(process.argv[2] ?? 300);
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
  maxBackpressureBytes: 1024 * 1024,
  clock: systemClock,
  ids: { requestId: () => 'req' },
  log: silentLog,
  answered: () => {},
});
const { port } = await gateway.serve<undefined>(
  {
    open: () => undefined,
    receive() {},
    receiveBinary() {},
    heard() {},
    tooSlow() {},
    closed() {},
  },
  [],
);

const failures: string[] = [];
const count = { answered: 0, started: 0, under: 0, renewals: 0 };
const mostAtATime = 8;

/** Connects and asks; resolves when it was answered or failed. */
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

async function visitAll(): Promise<void> {
  while (count.started < clients || count.under > 0) {
    while (count.under < mostAtATime && count.started < clients) {
      count.started += 1;
      count.under += 1;
      void visit().then(() => (count.under -= 1));
    }
    await turn();
  }
}

async function renewAll(): Promise<void> {
  while (count.started < clients || count.under > 0) {
    count.renewals += 1;
    await gateway.reloadTls(pair(count.renewals % 2 === 1 ? 'second' : 'localhost'));
    await turn();
  }
}

await Promise.all([visitAll(), renewAll()]);
gateway.close();
const { answered, renewals } = count;
process.stdout.write(`${JSON.stringify({ clients, answered, failures, renewals })}\n`);
process.exit();
