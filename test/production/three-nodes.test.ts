import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { connectSocket } from '../support/e2e/socket.ts';
import { sdkFor } from '../support/e2e/sdk.ts';
import { freePort } from '../support/redis/ports.ts';
import { waitFor } from '../support/redis/wait.ts';

const script = fileURLToPath(new URL('../../config/three-nodes.sh', import.meta.url));

interface Run {
  readonly child: ChildProcess;
  output(): string;
  readonly code: Promise<number | null>;
}

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Run {
  const child = spawn('bash', [script, ...args], { env: { PATH: process.env['PATH'], ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const code = once(child, 'close').then(([status]) => status as number | null);
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await code;
  });
  return { child, output: () => output, code };
}

async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

test.each([
  [
    'options',
    ([a, b, c, d]: readonly number[]) => run(['--ports', `${a},${b},${c}`, '--redis-port', `${d}`]),
  ],
  [
    'the environment',
    ([a, b, c, d]: readonly number[]) => run([], { NODE_PORTS: `${a},${b},${c}`, REDIS_PORT: `${d}` }),
  ],
])('three nodes serve one app on the ports that %s name, and exit together', async (_, start) => {
  const ports = await freePorts(4);
  const { child, output, code } = start(ports);
  await waitFor('the three nodes', async () => {
    if (child.exitCode !== null) throw new Error(output());
    return output().includes('Ctrl-C stops all of them.');
  });
  expect(output()).toContain(`on ports ${ports.slice(0, 3).join(' ')}.`);
  const [first = 0, , third = 0] = ports;
  const socket = await connectSocket({ port: first });
  await socket.subscribe('news');
  await sdkFor({ port: third }).trigger('news', 'headline', 'from another node');
  await socket.frames.first(({ event }) => event === 'headline');
  child.kill('SIGINT');
  expect(await code).toBe(130);
  for (const port of ports) await expect(listen(port)).resolves.toBeUndefined();
});

test('a port that is in use is named before anything is started', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as AddressInfo;
  const [a, b, redis] = await freePorts(3);
  const { code, output } = run(['--ports', `${a},${b},${port}`, '--redis-port', `${redis}`]);
  expect(await code).toBe(1);
  expect(output()).toBe(
    `Another program already listens on port ${port}: stop it, or choose other ports with --ports and --redis-port.\n`,
  );
});

test.each([
  [['--ports', '1,2'], 'The nodes need three ports, such as 6001,6002,6003; got "1,2".'],
  [['--ports', '7001,7002,x'], 'A port is a number from 1 to 65535; got "x".'],
  [['--redis-port=70000'], 'A port is a number from 1 to 65535; got "70000".'],
  [
    ['--ports=7001,7001,7002'],
    'The three nodes and Redis need four different ports; got 7001 7001 7002 6390.',
  ],
  [['--ports'], '--ports needs a value, such as 6001,6002,6003.'],
  [['--port', '7001'], 'Unknown option "--port"; expected --ports, --redis-port or --help.'],
])('%j is rejected with a sentence', async (args, sentence) => {
  const { code, output } = run(args);
  expect(await code).toBe(2);
  expect(output()).toBe(`${sentence}\n`);
});

test('--help lists the options and their defaults', async () => {
  const { code, output } = run(['--help']);
  expect(await code).toBe(0);
  expect(output()).toMatch(/--ports PORT,PORT,PORT .*\(default: 6001,6002,6003; environment: NODE_PORTS\)/);
  expect(output()).toMatch(/--redis-port PORT[^]*\(default: 6390; environment: REDIS_PORT\)/);
});

/** Rejects if something listens there. */
async function listen(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  server.close();
}
