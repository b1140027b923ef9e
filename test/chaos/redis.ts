import type { ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import { killChild, launch, removeFolder, stablePort, temporaryFolder, waitUntil } from './children.ts';

/** A Redis of our own. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with what it had kept. */
  restart(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Ends it for good. */
  stop(): Promise<void>;
}

/** Starts redis-server on a free port; a persistent one keeps every write that it has answered. */
export async function startRedis({ persistent = false } = {}): Promise<RedisServer> {
  const folder = temporaryFolder();
  const port = await stablePort();
  const keeping = persistent ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no'];
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...keeping];

  const start = async (): Promise<ChildProcess> => {
    const started = launch('redis-server', args);
    started.stdout?.resume();
    started.stderr?.resume();
    if (await waitUntil(() => answersPing(port), 10_000, 50)) return started;
    await killChild(started);
    throw new Error(`redis-server did not answer on port ${port} within 10 s`);
  };
  let child = await start();
  const kill = () => killChild(child);
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid ?? 0;
    },
    kill,
    async restart() {
      await kill();
      child = await start();
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async stop() {
      await kill();
      removeFolder(folder);
    },
  };
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const end = (isSo: boolean) => {
      socket.destroy();
      resolve(isSo);
    };
    socket.setTimeout(500, () => end(false));
    socket.once('data', (bytes) => end(bytes.toString().startsWith('+PONG')));
    socket.once('error', () => end(false));
  });
}
