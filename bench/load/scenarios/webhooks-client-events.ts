import { encodeFrame, Opcode } from '../driver/frames.ts';
import { Receiver } from '../driver/receiver.ts';
import { channelAuth } from '../driver/signing.ts';
import { DriverSocket, subscribeFrame } from '../driver/socket.ts';
import type { Sample } from '../measure/sample.ts';
import type { Bench, Case, Opened } from '../scenario.ts';
import { appOf, type Target } from '../servers/target.ts';
import { keepInFlight, type Source } from './webhooks-in-flight.ts';

const channelCount = 10;

/** Client events on channels without other subscribers, so the server only sends webhooks. */
export const clientEventWebhooks: Case = {
  name: 'client events, batched, no other subscribers',
  operation: 'event',
  wanted: { atMost: 12 },
  open: (bench) => openClientEvents(bench, 10, keepInFlight),
};

/** Opens a server with senders on separate channels. Each sends `eventsPerWrite` events in one write. */
export async function openClientEvents(
  bench: Bench,
  eventsPerWrite: number,
  round: (source: Source, seconds: number) => Promise<Sample>,
): Promise<Opened> {
  const receiver = new Receiver(appOf(0).secret);
  const webhooks = [{ url: await receiver.listen(), eventTypes: ['client_event'] }];
  const target = await bench.start({ webhooks });
  const sockets = await Promise.all(Array.from({ length: channelCount }, () => DriverSocket.open(target)));
  const senders = await Promise.all(
    sockets.map((socket, index) => subscribe(target, socket, { index, eventsPerWrite })),
  );
  let writes = 0;
  let dropped = 0;
  for (const socket of sockets) socket.onDrop = () => (dropped += 1);
  const cause = (): number => {
    const sender = senders[writes % senders.length];
    writes += 1;
    sender?.socket.send(sender.frames);
    return eventsPerWrite;
  };
  const source = { servers: [target], receiver, cause, dropped: () => dropped };
  return {
    pid: target.pid,
    round: (seconds) => round(source, seconds),
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

async function subscribe(
  target: Target,
  socket: DriverSocket,
  { index, eventsPerWrite }: { readonly index: number; readonly eventsPerWrite: number },
): Promise<Sender> {
  const channel = `private-bench-${index}`;
  await socket.confirm(subscribeFrame(channel, channelAuth(target, socket.id, channel)));
  const message = JSON.stringify({ event: 'client-bench', channel, data: { text: 'x'.repeat(100) } });
  const frame = encodeFrame(Opcode.Text, Buffer.from(message));
  return { socket, frames: Buffer.concat(Array.from({ length: eventsPerWrite }, () => frame)) };
}
