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
 * Asks: what does it cost to accept a connection and its subscription?
 *
 * Up to 2,000 connections a round, 64 being opened at any time; a connection counts once its subscription was
 * confirmed. Closing them happens between the rounds and is not measured.
 */
export const connectSubscribe: Scenario = {
  name: 'connect-subscribe',
  question: 'What does it cost to accept a connection and its subscription?',
  cases: [
    connecting('public', () => 'bench-connect', { atMost: 80 }),
    connecting('private', () => 'private-bench-connect', { atMost: 95 }),
    // Each user alone: what many members on one channel cost is another question.
    connecting('presence', (index) => `presence-bench-${index}`),
  ],
  notes: ['On presence channels each connection is the only member of a channel of its own.'],
};

function connecting(kind: string, channelOf: (index: number) => string, wanted?: Wanted): Case {
  return {
    name: `${kind}, ${size.toLocaleString('en-US')} connections, ${atOnce} at a time`,
    operation: 'connection',
    ...(wanted === undefined ? {} : { wanted }),
    open: (bench) => openStorm(bench, channelOf),
  };
}

/** Opens a server to which connections come, 64 at a time, the nth subscribing to the channel that `channelOf` gives. */
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
  let begun = 0;
  let errors = 0;

  const opener = async (): Promise<void> => {
    while (begun < size && performance.now() < until) {
      const channel = channelOf(begun);
      begun += 1;
      try {
        const socket = await DriverSocket.open(target);
        sockets.push(socket);
        await socket.confirm(subscriptionOf(target, socket, channel));
      } catch {
        errors += 1; // Shown in the table; the next one is tried.
      }
    }
  };

  const end = beginSample(target);
  await Promise.all(Array.from({ length: atOnce }, opener));
  const sample = end({ ...nothingLost, operations: begun - errors, errors });
  await Promise.all(sockets.map((socket) => socket.close()));
  return sample;
}

/** What subscribes the socket to a channel of whichever kind its name tells; on a presence channel as a user of its own. */
export function subscriptionOf(target: Target, socket: DriverSocket, channel: string): Buffer {
  if (!/^(private|presence)-/.test(channel)) return subscribeFrame(channel);
  const userId = channel.startsWith('presence-') ? `user-${socket.id}` : null;
  return subscribeFrame(channel, channelAuth(target, socket.id, channel, userId));
}
