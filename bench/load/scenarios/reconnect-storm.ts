import { Receiver } from '../driver/receiver.ts';
import { DriverSocket } from '../driver/socket.ts';
import { beginSample, type Sample } from '../measure/sample.ts';
import { pause } from '../measure/wait.ts';
import type { Bench, Opened, Scenario } from '../scenario.ts';
import { appOf, type Target } from '../servers/target.ts';

const size = 1000;
const atOnce = 64;
const channelCount = 100;
const graceMs = 3000;
/** Longer than the grace period, so any webhook has been sent by then. */
const afterwardsMs = graceMs + 500;

/**
 * What does it cost when every connection is lost and reconnects immediately, as after a restart of a load balancer?
 *
 * 1,000 connections on 100 channels close together and reconnect as fast as possible. All are back within the grace period, so
 * nothing has changed and no webhook is due. The round counts the webhooks that arrive anyway.
 */
export const reconnectStorm: Scenario = {
  name: 'reconnect-storm',
  question: 'What does it cost when 1,000 connections are lost and return within the grace period?',
  cases: [
    {
      name: `${size.toLocaleString('en-US')} on ${channelCount} channels`,
      operation: 'reconnection',
      warmUpSeconds: 0,
      open,
    },
  ],
  notes: [
    'Nothing has changed when all connections are back, so any webhooks are spurious. soketi has no grace period, so it sends them.',
  ],
};

async function open(bench: Bench): Promise<Opened> {
  const receiver = new Receiver(appOf(0).secret);
  const eventTypes = ['channel_occupied', 'channel_vacated'];
  const webhooks = [{ url: await receiver.listen(), eventTypes }];
  const target = await bench.start({ webhooks, graceMs });
  let sockets = await connectAll(target);
  await pause(afterwardsMs);
  return {
    pid: target.pid,
    round: async () => {
      receiver.startRound();
      const end = beginSample(target);
      await Promise.all(sockets.map((socket) => socket.close()));
      const droppedAt = performance.now();
      sockets = await connectAll(target);
      const sample = end(outcomeOf(sockets, performance.now() - droppedAt));
      await pause(afterwardsMs);
      const figures = [
        ...(sample.figures ?? []),
        { name: 'spurious webhook events', value: receiver.events },
      ];
      return { ...sample, figures } satisfies Sample;
    },
    close: async () => {
      await Promise.all(sockets.map((socket) => socket.close()));
      await target.stop();
      await receiver.close();
    },
  };
}

function outcomeOf(sockets: readonly DriverSocket[], ms: number) {
  return {
    operations: sockets.length,
    accepted: null,
    delivered: null,
    missing: 0,
    duplicated: 0,
    errors: size - sockets.length,
    figures: [{ name: 'ms until all were back', value: ms }],
  };
}

/** Connects and subscribes. Leaves out connections that fail, which the caller counts. */
async function connectAll(target: Target): Promise<DriverSocket[]> {
  const sockets: DriverSocket[] = [];
  let started = 0;
  const opener = async (): Promise<void> => {
    while (started < size) {
      const channel = `bench-reconnect-${started % channelCount}`;
      started += 1;
      try {
        const socket = await DriverSocket.open(target);
        await socket.subscribe(channel);
        sockets.push(socket);
      } catch {
        // The caller counts the missing connection as an error.
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, opener));
  return sockets;
}
