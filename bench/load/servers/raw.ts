import { fileURLToPath } from 'node:url';
import { withFile } from './config-file.ts';
import { startProcess } from './process.ts';
import { appsOf, nodeCommand, targetOf, type Launch, type TargetKind, type Variant } from './target.ts';

const program = fileURLToPath(new URL('../../peers/built/raw/server.js', import.meta.url));

/** The emulator's default for the events in one POST. */
const defaultBatchEvents = 20;

/** The floor: a server on the same uWebSockets.js that does only what the scenarios need. */
export function raw(name: string, launch: Launch, { tls }: Variant): TargetKind {
  return {
    name,
    version: 'bench/peers/raw',
    abilities: new Set(['webhooks', 'own-process', 'apps']),
    start: async (settings) => {
      const { webhooks = [], batchEvents = defaultBatchEvents } = settings;
      const server = await withFile({ tls, apps: appsOf(settings), webhooks, batchEvents }, (file) =>
        startProcess(
          [...nodeCommand(launch, name), program, file],
          (line) => Number(/^listening (\d+)$/.exec(line)?.[1] ?? 0) || null,
        ),
      );
      return targetOf(server, { port: server.found, isTls: tls !== null });
    },
  };
}
