import { createServer, type Server } from 'node:net';
import { setTimeout } from '../system/real.ts';

const triesMs = 10;
const mostTries = 50;

/**
 * Runs `work` while no other program on this machine that uses this function does so for the same address. So of several programs
 * that are started at the same time, one finds the port free, and the others find it used. The lock is a Unix socket without a file:
 * it ends with its process. On other systems than Linux, and if another program keeps the lock for half a second, `work` runs
 * without it.
 */
export async function startExclusively<T>(
  { host, port }: { readonly host: string; readonly port: number },
  work: () => T,
): Promise<T> {
  const lock = port === 0 ? undefined : await acquire(`\0soketify-emulator ${host} ${port}`);
  try {
    return work();
  } finally {
    lock?.close();
  }
}

async function acquire(name: string): Promise<Server | undefined> {
  if (process.platform !== 'linux') return undefined;
  for (let tries = 0; tries < mostTries; tries += 1) {
    const taken = await take(name);
    if (taken !== 'used') return taken;
    await new Promise<void>((resolve) => void setTimeout(resolve, triesMs));
  }
  return undefined;
}

/** Resolves with `undefined` if the system offers no such sockets. */
function take(name: string): Promise<Server | 'used' | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'EADDRINUSE' ? 'used' : undefined),
    );
    server.listen(name, () => resolve(server));
  });
}
