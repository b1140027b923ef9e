import type { AppConfig } from '../e2e/config.ts';
import type { Server } from '../e2e/server.ts';
import { connectSocket, type Socket } from '../e2e/socket.ts';

/** Connections enough for each of two workers to have some: that one has none happens once in a million runs. */
export const crowdSize = 21;

/** Opens so many connections. */
export function connectCrowd(server: Server, app?: AppConfig, count = crowdSize): Promise<Socket[]> {
  const options = app === undefined ? undefined : { app };
  return Promise.all(Array.from({ length: count }, () => connectSocket(server, options)));
}

/** How many connections each worker says that it has. */
export async function connectionsOfWorkers(server: Server): Promise<number[]> {
  const text = await metricsOf(server);
  return [...text.matchAll(/^soketify_worker_connections\{worker="\d+"\} (\d+)$/gm)].map(([, count]) =>
    Number(count),
  );
}

/** What `/metrics` says. */
export async function metricsOf(server: Server): Promise<string> {
  return (await fetch(`${server.url}/metrics`)).text();
}
