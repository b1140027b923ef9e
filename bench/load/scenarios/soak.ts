import { barrage } from '../driver/publisher.ts';
import { Receiver } from '../driver/receiver.ts';
import { channelAuth, signTrigger } from '../driver/signing.ts';
import { DriverSocket, subscribeFrame } from '../driver/socket.ts';
import { readRss } from '../measure/cpu.ts';
import { steadyRss } from '../measure/memory.ts';
import { beginSample, type Sample } from '../measure/sample.ts';
import { slopeOf } from '../measure/spread.ts';
import { pause } from '../measure/wait.ts';
import type { Bench, Opened, Scenario } from '../scenario.ts';
import { appOf, type Target } from '../servers/target.ts';

const clients = 50;
const presenceChannels = 10;
const stayMs = 500;
const perSecond = 200;
const sampleMs = 1000;
const warmShare = 1 / 3;

/**
 * Does memory stay flat while connections, channels and messages come and go?
 *
 * Fifty clients connect, subscribe to a new channel and, as a new user, to a presence channel. They disconnect after half a second
 * and repeat this, while a backend publishes and an endpoint receives all webhooks. The growth is the slope of RSS
 * over the last two thirds: a server has filled its caches by then if the soak is long enough (`--minutes`).
 */
export const soak: Scenario = {
  name: 'soak',
  question: 'Does memory stay flat while connections, channels and messages come and go?',
  needs: ['own-process', 'webhooks'],
  cases: [
    {
      name: `${clients} clients in turn, each on a new channel and as a new user`,
      operation: 'connection',
      judge: { figure: 'MB of RSS gained per hour' },
      warmUpSeconds: 0,
      open,
    },
  ],
  notes: [
    'Over a minute or two, the slope mostly shows how the heap fills before a garbage collection. Look at the plot.',
  ],
};

async function open(bench: Bench): Promise<Opened> {
  const receiver = new Receiver(appOf(0).secret);
  const eventTypes = ['channel_occupied', 'channel_vacated', 'member_added', 'member_removed'];
  const target = await bench.start({ webhooks: [{ url: await receiver.listen(), eventTypes }] });
  return {
    round: () => churn(target, receiver, bench.minutes * 60),
    close: async () => {
      await target.stop();
      await receiver.close();
    },
  };
}

async function churn(target: Target, receiver: Receiver, seconds: number): Promise<Sample> {
  receiver.startRound();
  const rss: [number, number][] = [];
  const startedAt = performance.now();
  const elapsed = (): number => (performance.now() - startedAt) / 1000;
  let connections = 0;
  let errors = 0;

  const client = async (): Promise<void> => {
    while (elapsed() < seconds) {
      try {
        const socket = await DriverSocket.open(target);
        connections += 1;
        const number = connections;
        await socket.subscribe(`bench-soak-${number}`);
        const presence = `presence-bench-soak-${number % presenceChannels}`;
        await socket.confirm(
          subscribeFrame(presence, channelAuth(target, socket.id, presence, `user-${number}`)),
        );
        await pause(stayMs);
        await socket.close();
      } catch {
        errors += 1; // The table shows the number of errors; continue with the next connection.
      }
    }
  };
  const sampleRss = async (): Promise<void> => {
    while (elapsed() < seconds) {
      rss.push([elapsed(), (readRss(target.pid) ?? Number.NaN) / 2 ** 20]);
      await pause(sampleMs);
    }
  };

  const end = beginSample(target);
  const [published] = await Promise.all([
    publish(target, seconds),
    sampleRss(),
    ...Array.from({ length: clients }, client),
  ]);
  const settled = await steadyRss(target.pid);
  const late = rss.filter(([second]) => second >= seconds * warmShare);
  return end({
    operations: connections,
    accepted: published.accepted,
    delivered: receiver.events,
    missing: 0,
    duplicated: receiver.repeatedEvents,
    errors: errors + published.refused + receiver.badSignatures,
    series: [{ name: 'MB of RSS', points: rss }],
    figures: [
      { name: 'MB of RSS gained per hour', value: slopeOf(late) * 3600 },
      { name: 'MB of RSS at the start', value: rss[0]?.[1] ?? Number.NaN },
      { name: 'MB of RSS at the end', value: settled === null ? Number.NaN : settled / 2 ** 20 },
    ],
  });
}

/** Signs again every minute, because a signature is valid for ten. */
async function publish(target: Target, seconds: number) {
  const sum = { accepted: 0, refused: 0 };
  for (let left = seconds; left > 0; left -= 60) {
    const request = signTrigger(target, 'bench-soak-1', 'x'.repeat(100));
    const load = { connections: 4, seconds: Math.min(60, left), perSecond };
    const { accepted, refused } = await barrage(target, [request], load);
    sum.accepted += accepted;
    sum.refused += refused;
  }
  return sum;
}
