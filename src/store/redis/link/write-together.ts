import type { Cluster, Redis } from 'ioredis';

/**
 * Sends the commands of each turn of the event loop together, on each connection of the client. The client would write every command
 * with a system call of its own, and Redis would read and answer them one by one. The order of the commands stays the same.
 */
export function writeTogether(client: Redis | Cluster): void {
  if ('nodes' in client) return void client.on('+node', writeTogether);
  client.on('ready', () => {
    const { stream } = client;
    const write: (chunk: string | Uint8Array) => boolean = stream.write.bind(stream);
    const uncork = (): void => stream.uncork();
    stream.write = (chunk: string | Uint8Array): boolean => {
      if (stream.writableCorked === 0) {
        stream.cork();
        setImmediate(uncork);
      }
      return write(chunk);
    };
  });
}
