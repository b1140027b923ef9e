import { beginSample, type Sample } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { openFilesLimit } from '../cpu.ts';
import { DriverSocket } from '../socket.ts';
import type { Target } from '../target.ts';

const wanted = 5000;
const atOnce = 64;

/**
 * Asks: what does it cost to accept a connection and its subscription to a public channel?
 *
 * Up to 5,000 connections a round, 64 being opened at any time; a connection counts once its subscription was
 * confirmed. Closing them happens between the rounds and is not measured.
 */
export const connectSubscribe: Scenario = {
  name: 'connect-subscribe',
  question: 'What does it cost to accept a connection and its subscription to a public channel?',
  async prepare(start) {
    const target = await start({});
    const size = Math.min(wanted, openFilesLimit() - 200);
    return {
      cases: [
        {
          name: `${size.toLocaleString('en-US')} connections, ${atOnce} at a time`,
          operation: 'connection',
          round: (seconds) => storm(target, size, seconds),
        },
      ],
      close: () => target.stop(),
    };
  },
};

async function storm(target: Target, size: number, seconds: number): Promise<Sample> {
  const sockets: DriverSocket[] = [];
  const until = performance.now() + seconds * 1000;
  let begun = 0;
  let errors = 0;

  const opener = async (): Promise<void> => {
    while (begun < size && performance.now() < until) {
      begun += 1;
      try {
        const socket = await DriverSocket.open(target);
        sockets.push(socket);
        await socket.subscribe('bench-connect');
      } catch {
        errors += 1; // Shown in the table; the next one is tried.
      }
    }
  };

  const end = beginSample(target);
  await Promise.all(Array.from({ length: atOnce }, opener));
  const counts = { accepted: null, delivered: null, missing: 0, duplicated: 0, errors };
  const sample = end({ operations: begun - errors, ...counts });
  await Promise.all(sockets.map((socket) => socket.close()));
  return sample;
}
