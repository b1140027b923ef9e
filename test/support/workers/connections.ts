import type { AppConfig } from '../e2e/config.ts';
import type { Server } from '../e2e/server.ts';
import { connectSocket, type Socket } from '../e2e/socket.ts';

/** Enough connections that each of two workers has some, except in one run of a million. */
export const manyConnections = 21;

/** Opens `count` connections. */
export function connectMany(server: Server, app?: AppConfig, count = manyConnections): Promise<Socket[]> {
  const options = app === undefined ? undefined : { app };
  return Promise.all(Array.from({ length: count }, () => connectSocket(server, options)));
}

/** The number of connections of each worker, from its metrics. */
export async function connectionsOfWorkers(server: Server): Promise<number[]> {
  const text = await metricsOf(server);
  return [...text.matchAll(/^soketify_worker_connections\{worker="\d+"\} (\d+)$/gm)].map(([, count]) =>
    Number(count),
  );
}

/** The text of `/metrics`. */
export async function metricsOf(server: Server): Promise<string> {
  return (await fetch(`${server.url}/metrics`)).text();
}
