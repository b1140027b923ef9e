import { DriverSocket, subscribeFrame } from '../driver/socket.ts';
import { beginSample, nothingLost, type Sample } from '../measure/sample.ts';
import { pause } from '../measure/wait.ts';
import type { Bench, Case, Opened, Scenario } from '../scenario.ts';
import { onRedis, single, type Deployment } from '../servers/deployment.ts';

const patienceMs = 60_000;
/** Long enough for the effects of the previous joins and leaves to end. */
const restMs = 1500;
const figure = 'ms until all channels are confirmed';
const confirmation = Buffer.from('subscription_succeeded');

/**
 * How long does a client wait that reconnects with many channels?
 *
 * One connection subscribes to many new channels together, and no other client uses the server.
 */
export const comeback: Scenario = {
  name: 'comeback',
  question: 'How long does a client wait that reconnects with 100 or 3,000 channels?',
  needs: ['nodes'],
  needsRedis: true,
  cases: [100, 3000].flatMap((size) => [
    returning(`${size.toLocaleString('en-US')} channels: memory`, size, (bench) => single(bench)),
    returning(`${size.toLocaleString('en-US')} channels: Redis, 1 node`, size, (bench) => onRedis(bench, 1)),
  ]),
  notes: ['Redis shares the core of the node.'],
};

function returning(name: string, size: number, deploy: (bench: Bench) => Promise<Deployment>): Case {
  return {
    name,
    operation: 'join',
    judge: { figure },
    open: async (bench) => open(await deploy(bench), size),
  };
}

function open(deployment: Deployment, size: number): Opened {
  let rounds = 0;
  return {
    round: async () => {
      rounds += 1;
      const sample = await reconnect(deployment, size, rounds);
      await pause(restMs);
      return sample;
    },
    close: () => deployment.stop(),
  };
}

async function reconnect(deployment: Deployment, size: number, round: number): Promise<Sample> {
  const socket = await DriverSocket.open(deployment.nodes[0]);
  const frames = Array.from({ length: size }, (_, index) => subscribeFrame(`bench-back-${round}-${index}`));
  let confirmed = 0;
  const end = beginSample(...deployment.nodes);
  const startedAt = performance.now();
  const hasAll = new Promise<void>((resolve) => {
    socket.onText = (bytes, start, stop) => {
      if (bytes.subarray(start, stop).includes(confirmation)) confirmed += 1;
      if (confirmed === size) resolve();
    };
  });
  socket.send(Buffer.concat(frames));
  await Promise.race([hasAll, pause(patienceMs)]);
  const sample = end({
    ...nothingLost,
    operations: confirmed,
    missing: size - confirmed,
    figures: [{ name: figure, value: performance.now() - startedAt }],
  });
  await socket.close();
  return sample;
}
