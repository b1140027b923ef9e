import { fileURLToPath } from 'node:url';
import { startProcess } from './process.ts';
import { appOf, type Launch, type TargetKind, type Variant } from './target.ts';

const program = fileURLToPath(new URL('../../peers/built/raw/server.js', import.meta.url));

/** The floor: a server on the same uWebSockets.js that does no more than the scenarios need. */
export function raw(name: string, launch: Launch, { tls }: Variant): TargetKind {
  const files = tls === null ? [] : [tls.certFile, tls.keyFile];
  return {
    name,
    version: 'bench/peers/raw',
    abilities: new Set(['own-process', 'apps']),
    start: async () => {
      const words = [...launch.prefix, process.execPath, program, ...files];
      const server = await startProcess(
        words,
        (line) => Number(/^listening (\d+)$/.exec(line)?.[1] ?? 0) || null,
      );
      return {
        ...appOf(0),
        host: '127.0.0.1',
        port: server.found,
        isTls: tls !== null,
        pid: server.pid,
        readyMs: server.readyMs,
        stop: () => server.stop(),
      };
    },
  };
}
