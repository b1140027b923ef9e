import { encodeFrame, Opcode } from '../driver/frames.ts';
import { Receiver } from '../driver/receiver.ts';
import { channelAuth } from '../driver/signing.ts';
import { DriverSocket, subscribeFrame } from '../driver/socket.ts';
import { beginSample, type Sample } from '../measure/sample.ts';
import { settle } from '../measure/wait.ts';
import type { Bench, Case, Opened } from '../scenario.ts';
import { appOf, type Target } from '../servers/target.ts';

const channelCount = 10;
const eventsPerWrite = 10;
const window = 2000;
const stallMs = 3000;

/** Client events on channels with no other subscriber: all there is to do is to tell the endpoint. */
export const clientEventWebhooks: Case = {
  name: 'client events, batched, nobody else subscribed',
  operation: 'event',
  wanted: { atMost: 12 },
  open,
};

async function open(bench: Bench): Promise<Opened> {
  const receiver = new Receiver(appOf(0).secret);
  const webhooks = [{ url: await receiver.listen(), eventTypes: ['client_event'] }];
  const target = await bench.start({ webhooks });
  const sockets = await Promise.all(Array.from({ length: channelCount }, () => DriverSocket.open(target)));
  const senders = await Promise.all(sockets.map((socket, index) => subscribe(target, socket, index)));
  return {
    pid: target.pid,
    round: (seconds) => round({ target, receiver, senders }, seconds),
    close: async () => {
      await Promise.all(sockets.map((socket) => socket.close()));
      await target.stop();
      await receiver.close();
    },
  };
}

interface Sender {
  readonly socket: DriverSocket;
  readonly frames: Buffer;
}

async function subscribe(target: Target, socket: DriverSocket, index: number): Promise<Sender> {
  const channel = `private-bench-${index}`;
  await socket.confirm(subscribeFrame(channel, channelAuth(target, socket.id, channel)));
  const message = JSON.stringify({ event: 'client-bench', channel, data: { text: 'x'.repeat(100) } });
  const frame = encodeFrame(Opcode.Text, Buffer.from(message));
  return { socket, frames: Buffer.concat(Array.from({ length: eventsPerWrite }, () => frame)) };
}

interface Load {
  readonly target: Target;
  readonly receiver: Receiver;
  readonly senders: readonly Sender[];
}

async function round({ target, receiver, senders }: Load, seconds: number): Promise<Sample> {
  let caused = 0;
  let dropped = 0;
  let isOpen = true;
  const fill = (): void => {
    if (!isOpen) return;
    while (caused - receiver.events <= window - eventsPerWrite) {
      const sender = senders[(caused / eventsPerWrite) % senders.length];
      sender?.socket.send(sender.frames);
      caused += eventsPerWrite;
    }
  };
  for (const { socket } of senders) socket.onDrop = () => (dropped += 1);
  receiver.startRound();
  receiver.onEvents = fill;
  const end = beginSample(target);
  const startedAt = performance.now();
  fill();
  await settle(
    () => performance.now() - startedAt >= seconds * 1000,
    () => receiver.events,
    stallMs,
  );
  isOpen = false;
  const endedAt = await settle(
    () => receiver.events >= caused,
    () => receiver.events,
    stallMs,
  );
  const { events, posts } = receiver;
  const outcome = {
    operations: events,
    accepted: null,
    delivered: events,
    missing: Math.max(0, caused - events),
    duplicated: receiver.repeatedEvents + Math.max(0, events - caused),
    errors: receiver.badSignatures + dropped,
    figures: [{ name: 'POSTs per 1,000 events', value: (posts / Math.max(1, events)) * 1000 }],
  };
  return end(outcome, endedAt);
}
