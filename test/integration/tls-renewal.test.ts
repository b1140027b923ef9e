import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { loadUws } from '../../src/transport/uws.ts';

const program = fileURLToPath(new URL('../support/tls/renewals.ts', import.meta.url));
const node = [process.execPath, '--import', 'tsx', program, '30'];

/** A separate network namespace, in which a closing listener leaves unaccepted connections to the other one of its port. */
const inOwnNetwork = [
  'unshare',
  '--map-root-user',
  '--net',
  'sh',
  '-c',
  'ip link set lo up && echo 1 > /proc/sys/net/ipv4/tcp_migrate_req && exec "$@"',
  'sh',
];

const uws = await loadUws();
const handsOver = 'addChildAppDescriptor' in uws.App();
const [command = '', ...args] = handsOver ? node : [...inOwnNetwork, ...node];
const [shell = '', ...inShell] = inOwnNetwork;
const canRun = handsOver || spawnSync(shell, [...inShell, 'true']).status === 0;

// Without either, the last moment before the old listener closes is a gap that nothing in this process can close.
test.skipIf(!canRun)(
  'no connection attempt fails while certificates are renewed',
  async () => {
    const { stdout } = await promisify(execFile)(command, args);
    const { clients, answered, renewals, failures } = JSON.parse(stdout) as Record<string, unknown>;
    expect({ renewals, failures }).toEqual({ renewals: 30, failures: [] });
    expect(answered).toBe(clients);
  },
  60_000,
);
