import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Servers are restarted on their port, so it must not be one that the system gives to others meanwhile: all of these
 * and their cluster ports are below the ephemeral range, which begins at 32768.
 */
const lowest = 20_000;
const count = 6000;

/** The port on which the members of a cluster speak to each other; Redis itself would add 10,000. */
export function clusterPortOf(port: number): number {
  return port + count;
}

/** A port that nobody listened on a moment ago, and whose cluster port is free as well. */
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
