import { encodeFrame, Opcode } from '../driver/frames.ts';
import { channelAuth } from '../driver/signing.ts';
import { DriverSocket, subscribeFrame } from '../driver/socket.ts';
import { Latencies } from '../measure/latencies.ts';
import { beginSample, type Sample } from '../measure/sample.ts';
import { onSchedule, settle } from '../measure/wait.ts';
import type { Bench, Opened, Scenario } from '../scenario.ts';
import type { Target } from '../servers/target.ts';

const channel = 'private-bench-chat';
const receivers = 100;
const perSecond = 100;
const senders = 32;
const stallMs = 2000;
const frame = encodeFrame(
  Opcode.Text,
  Buffer.from(JSON.stringify({ event: 'client-bench', channel, data: { text: 'x'.repeat(100) } })),
);

/**
 * What does it cost to deliver a client event to the 100 other subscribers of its channel?
 *
 * One private channel has 101 subscribers; a sender does not receive its own message. In the first case, one of them sends on a
 * schedule. In the second case, 32 of them send in turn, so that 32 messages are in flight.
 */
export const clientEvents: Scenario = {
  name: 'client-events',
  question: `What does it cost to deliver a client event to ${receivers} other subscribers?`,
  cases: [
    {
      name: `one at a time, ${perSecond}/s`,
      operation: 'delivery',
      wanted: { timesRaw: 1.05 },
      open: (bench) => open(bench, paced),
    },
    {
      name: `${senders} in flight`,
      operation: 'delivery',
      wanted: { timesRaw: 1.5 },
      open: (bench) => open(bench, inFlight),
    },
  ],
  notes: ['raw forwards the frame as received; the others check and encode it.'],
};

interface Load {
  readonly target: Target;
  readonly sockets: readonly DriverSocket[];
}

async function open(bench: Bench, round: (load: Load, seconds: number) => Promise<Sample>): Promise<Opened> {
  const target = await bench.start({});
  const sockets = await Promise.all(Array.from({ length: receivers + 1 }, () => DriverSocket.open(target)));
  for (const socket of sockets) {
    await socket.confirm(subscribeFrame(channel, channelAuth(target, socket.id, channel)));
  }
  return {
    pid: target.pid,
    round: (seconds) => round({ target, sockets }, seconds),
    close: async () => {
      await Promise.all(sockets.map((socket) => socket.close()));
      await target.stop();
    },
  };
}

async function paced({ target, sockets }: Load, seconds: number): Promise<Sample> {
  const dueAt: number[] = [];
  const latencies = new Latencies();
  const count = countFrames(sockets, (index) => {
    const due = dueAt[index];
    if (due !== undefined) latencies.record(performance.now() - due);
  });
  const end = beginSample(target);
  const sent = await onSchedule({ perSecond, seconds }, (_, due) => {
    dueAt.push(due);
    sockets[0]?.send(frame);
  });
  const endedAt = await settle(
    () => count.delivered >= sent * receivers,
    () => count.delivered,
    stallMs,
  );
  return end({ ...outcomeOf(count, sent), latency: latencies.percentiles() }, endedAt);
}

async function inFlight({ target, sockets }: Load, seconds: number): Promise<Sample> {
  const until = performance.now() + seconds * 1000;
  let sent = 0;
  const fill = (): void => {
    while (sent * receivers - count.delivered < senders * receivers && performance.now() < until) {
      sockets[sent % senders]?.send(frame);
      sent += 1;
    }
  };
  const count = countFrames(sockets, () => {
    if (count.delivered % receivers === 0) fill();
  });
  const end = beginSample(target);
  fill();
  const endedAt = await settle(
    () => performance.now() >= until && count.delivered >= sent * receivers,
    () => count.delivered,
    stallMs,
  );
  return end(outcomeOf(count, sent), endedAt);
}

interface Count {
  delivered: number;
  dropped: number;
}

/** `onFrame` receives the number of frames that the socket received before. */
function countFrames(sockets: readonly DriverSocket[], onFrame: (index: number) => void): Count {
  const count: Count = { delivered: 0, dropped: 0 };
  for (const socket of sockets) {
    let own = 0;
    socket.onText = (_bytes, start, end) => {
      if (end - start < 100) return;
      count.delivered += 1;
      onFrame(own);
      own += 1;
    };
    socket.onDrop = () => (count.dropped += 1);
  }
  return count;
}

function outcomeOf({ delivered, dropped }: Count, sent: number) {
  return {
    operations: delivered,
    accepted: null,
    delivered,
    missing: Math.max(0, sent * receivers - delivered),
    duplicated: Math.max(0, delivered - sent * receivers),
    errors: dropped,
  };
}
