import { channelAuth } from '../driver/signing.ts';
import { DriverSocket, subscribeFrame } from '../driver/socket.ts';
import { openFilesLimit } from '../measure/cpu.ts';
import { beginSample, nothingLost, type Sample } from '../measure/sample.ts';
import type { Bench, Case, Opened, Scenario, Wanted } from '../scenario.ts';
import type { Target } from '../servers/target.ts';

const wantedSize = 2000;
const atOnce = 64;
const size = Math.min(wantedSize, openFilesLimit() - 200);

/**
 * What does it cost to accept a connection and its subscription?
 *
 * Opens up to 2,000 connections a round, 64 at a time. A connection counts when its subscription was
 * confirmed. The connections close between the rounds, which is not measured.
 */
export const connectSubscribe: Scenario = {
  name: 'connect-subscribe',
  question: 'What does it cost to accept a connection and its subscription?',
  cases: [
    connecting('public', () => 'bench-connect', { atMost: 80 }),
    connecting('private', () => 'private-bench-connect', { atMost: 95 }),
    // Each user has its own channel: another scenario measures many members on one channel.
    connecting('presence', (index) => `presence-bench-${index}`),
  ],
  notes: ['In the presence case, each connection is the only member of its own channel.'],
};

function connecting(kind: string, channelOf: (index: number) => string, wanted?: Wanted): Case {
  return {
    name: `${kind}, ${size.toLocaleString('en-US')} connections, ${atOnce} at a time`,
    operation: 'connection',
    ...(wanted === undefined ? {} : { wanted }),
    open: (bench) => openStorm(bench, channelOf),
  };
}

/** Opens a server for connections that open 64 at a time. The nth one subscribes to the channel `channelOf(n)`. */
export async function openStorm(bench: Bench, channelOf: (index: number) => string): Promise<Opened> {
  const target = await bench.start({});
  return {
    pid: target.pid,
    round: (seconds) => storm(target, channelOf, seconds),
    close: () => target.stop(),
  };
}

async function storm(target: Target, channelOf: (index: number) => string, seconds: number): Promise<Sample> {
  const sockets: DriverSocket[] = [];
  const until = performance.now() + seconds * 1000;
  let started = 0;
  let errors = 0;

  const opener = async (): Promise<void> => {
    while (started < size && performance.now() < until) {
      const channel = channelOf(started);
      started += 1;
      try {
        const socket = await DriverSocket.open(target);
        sockets.push(socket);
        await socket.confirm(subscriptionOf(target, socket, channel));
      } catch {
        errors += 1; // The table shows the number of errors; continue with the next connection.
      }
    }
  };

  const end = beginSample(target);
  await Promise.all(Array.from({ length: atOnce }, opener));
  const sample = end({ ...nothingLost, operations: started - errors, errors });
  await Promise.all(sockets.map((socket) => socket.close()));
  return sample;
}

/** The subscription of a socket to a channel of any kind; on a presence channel, each socket is a different user. */
export function subscriptionOf(target: Target, socket: DriverSocket, channel: string): Buffer {
  if (!/^(private|presence)-/.test(channel)) return subscribeFrame(channel);
  const userId = channel.startsWith('presence-') ? `user-${socket.id}` : null;
  return subscribeFrame(channel, channelAuth(target, socket.id, channel, userId));
}
