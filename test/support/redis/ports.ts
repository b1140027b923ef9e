import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Servers are restarted on their port, so the system must not assign it to another process meanwhile. All of
 * these ports and their cluster ports are below the ephemeral range, which starts at 32768.
 */
const lowest = 20_000;
const count = 6000;

/** The port on which the members of a cluster talk to each other. Redis' default would be 10,000 higher. */
export function clusterPortOf(port: number): number {
  return port + count;
}

/** A port that was free a moment ago, and whose cluster port was free as well. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * count);
    if ((await isFree(port)) && (await isFree(clusterPortOf(port)))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    const listening = once(server, 'listening');
    server.listen({ port, host: '127.0.0.1', exclusive: true });
    await listening;
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
