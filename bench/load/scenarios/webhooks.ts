import { beginSample, settle, type Sample } from '../measure.ts';
import { Receiver } from '../receiver.ts';
import type { Scenario } from '../scenario.ts';
import { DriverSocket, subscribeFrame, unsubscribeFrame } from '../socket.ts';
import type { Target } from '../target.ts';

const socketCount = 10;
const pairsPerWrite = 10;
/** Events under way at most: enough to fill many batches, little enough to measure delivery and not a queue. */
const window = 2000;
/** Channel names repeat after this many, long after their events were delivered. */
const channelCount = 20_000;
const stallMs = 3000;

/**
 * Asks: what does one webhook event cost, from the subscription that causes it to the POST that carries it?
 *
 * Sockets subscribe to a channel and leave it at once, with a grace of 0: each pair is one channel_occupied and
 * one channel_vacated. The CPU per event therefore contains half a subscribe and half an unsubscribe.
 */
export const webhooks: Scenario = {
  name: 'webhooks',
  question: 'What does one webhook event cost, from the subscription that causes it to its POST?',
  async prepare(start) {
    const receiver = new Receiver('bench-secret');
    const target = await start({ webhookUrl: await receiver.listen(), graceMs: 0 });
    const sockets = await Promise.all(Array.from({ length: socketCount }, () => DriverSocket.open(target)));
    const load = { target, receiver, sockets, frames: churnFrames() };
    return {
      cases: [
        {
          name: 'churn: occupied and vacated, batched',
          operation: 'event',
          round: (seconds) => churn(load, seconds),
        },
      ],
      close: async () => {
        await Promise.all(sockets.map((socket) => socket.close()));
        await target.stop();
        await receiver.close();
      },
    };
  },
};

interface Load {
  readonly target: Target;
  readonly receiver: Receiver;
  readonly sockets: readonly DriverSocket[];
  readonly frames: readonly Buffer[];
}

/** Frames for `pairsPerWrite` channels each: subscribe, unsubscribe, and so on. */
function churnFrames(): Buffer[] {
  return Array.from({ length: channelCount / pairsPerWrite }, (_, group) =>
    Buffer.concat(
      Array.from({ length: pairsPerWrite }, (__, i) => {
        const channel = `churn-${group * pairsPerWrite + i}`;
        return Buffer.concat([subscribeFrame(channel), unsubscribeFrame(channel)]);
      }),
    ),
  );
}

async function churn(load: Load, seconds: number): Promise<Sample> {
  const { target, receiver, sockets, frames } = load;
  let caused = 0;
  let writes = 0;
  let dropped = 0;
  let open = true;

  const fill = (): void => {
    if (!open) return;
    while (caused - receiver.events <= window - pairsPerWrite * 2) {
      sockets[writes % sockets.length]?.send(frames[writes % frames.length] ?? Buffer.alloc(0));
      writes += 1;
      caused += pairsPerWrite * 2;
    }
  };

  receiver.startRound();
  receiver.onPost = fill;
  for (const socket of sockets) socket.onDrop = () => (dropped += 1);
  const end = beginSample(target);
  const startedAt = performance.now();
  fill();
  await settle(
    () => performance.now() - startedAt >= seconds * 1000,
    () => receiver.events,
    stallMs,
  );
  open = false;
  const endedAt = await settle(
    () => receiver.events >= caused,
    () => receiver.events,
    stallMs,
  );
  const { events, posts } = receiver;
  const counts = {
    operations: events,
    accepted: null,
    delivered: events,
    missing: Math.max(0, caused - events),
    duplicated: receiver.repeatedEvents + Math.max(0, events - caused),
    errors: receiver.badSignatures + dropped,
    figures: [{ name: 'POSTs per 1,000 events', value: (posts / Math.max(1, events)) * 1000 }],
  };
  return end(counts, endedAt);
}
