import { barrage } from '../driver/publisher.ts';
import { signTrigger, type SignedRequest } from '../driver/signing.ts';
import { DriverSocket, subscribeFrame } from '../driver/socket.ts';
import { steadyRss } from '../measure/memory.ts';
import { beginSample, type Figure, type Sample } from '../measure/sample.ts';
import { settle } from '../measure/wait.ts';
import type { Bench, Case, Opened, Scenario } from '../scenario.ts';
import { appOf, type Target } from '../servers/target.ts';

const payload = 'x'.repeat(100);
const socketsAtMost = 100;
/** The number of prepared requests in a round. They are spread evenly over all channels and sent in turn. */
const requestsAtMost = 200;
const connections = 8;
const stallMs = 2000;

/** Does publishing cost the same with any number of channels? */
export const manyChannels: Scenario = {
  name: 'many-channels',
  question: 'Does publishing cost the same with any number of channels?',
  cases: [100, 1000, 10_000, 100_000].map(channels),
  notes: [`Each channel has one subscriber, and up to ${socketsAtMost} connections share all channels.`],
};

/** Does publishing cost the same with any number of apps? */
export const manyApps: Scenario = {
  name: 'many-apps',
  question: 'Does publishing cost the same with any number of apps?',
  needs: ['apps'],
  cases: [1, 10, 100, 1000].map(apps),
  notes: [
    'Each app has one connection with one channel. raw does not separate apps, so it is the same for any number.',
  ],
};

/** One connection of an app, and its channels. */
interface Holding {
  readonly app: number;
  readonly channels: readonly string[];
}

function channels(size: number): Case {
  const each = Math.ceil(size / Math.min(socketsAtMost, size));
  const holdings = Array.from({ length: size / each }, (_, socket) => ({
    app: 0,
    channels: Array.from({ length: each }, (__, i) => `bench-${socket * each + i}`),
  }));
  return {
    name: `${size.toLocaleString('en-US')} channels, 1 subscriber each`,
    operation: 'request',
    scale: { of: 'channels', size },
    open: (bench) => open(bench, 1, holdings),
  };
}

function apps(size: number): Case {
  // The names differ between apps, because raw has one namespace of channels for all apps.
  const holdings = Array.from({ length: size }, (_, app) => ({ app, channels: [`bench-${app}`] }));
  return {
    name: size === 1 ? '1 app' : `${size.toLocaleString('en-US')} apps`,
    operation: 'request',
    scale: { of: 'apps', size },
    open: (bench) => open(bench, size, holdings),
  };
}

async function open(bench: Bench, appCount: number, holdings: readonly Holding[]): Promise<Opened> {
  const target = await bench.start({ appCount });
  const before = await steadyRss(target.pid);
  const received = { frames: 0, dropped: 0 };
  const sockets: DriverSocket[] = [];
  for (const holding of holdings) sockets.push(await hold(target, holding, received));
  const after = await steadyRss(target.pid);
  const channelCount = holdings.reduce((sum, holding) => sum + holding.channels.length, 0);
  const figures =
    before === null || after === null
      ? []
      : [{ name: 'MB of RSS for all subscriptions', value: (after - before) / 2 ** 20 }];
  return {
    pid: target.pid,
    round: (seconds) =>
      round(target, requestsFor(target, holdings, channelCount), { received, figures }, seconds),
    close: async () => {
      await Promise.all(sockets.map((socket) => socket.close()));
      await target.stop();
    },
  };
}

interface Received {
  frames: number;
  dropped: number;
}

async function hold(
  target: Target,
  { app, channels: names }: Holding,
  received: Received,
): Promise<DriverSocket> {
  const socket = await DriverSocket.open({ ...target, ...(app === 0 ? {} : appOf(app)) });
  let confirmed = 0;
  socket.onText = () => (confirmed += 1);
  socket.onDrop = () => (received.dropped += 1);
  // Subscribe to all channels together, because there can be a thousand.
  socket.send(Buffer.concat(names.map((name) => subscribeFrame(name))));
  await settle(
    () => confirmed >= names.length,
    () => confirmed,
    stallMs * 5,
  );
  if (confirmed < names.length) throw new Error(`${confirmed} of ${names.length} channels were confirmed`);
  socket.onText = (_bytes, start, end) => {
    if (end - start >= payload.length) received.frames += 1;
  };
  return socket;
}

function requestsFor(target: Target, holdings: readonly Holding[], channelCount: number): SignedRequest[] {
  const step = Math.max(1, Math.floor(channelCount / requestsAtMost));
  return holdings
    .flatMap(({ app, channels: names }) => names.map((name) => ({ app, name })))
    .filter((_, index) => index % step === 0)
    .map(({ app, name }) => signTrigger({ ...target, ...(app === 0 ? {} : appOf(app)) }, name, payload));
}

async function round(
  target: Target,
  requests: readonly SignedRequest[],
  { received, figures }: { readonly received: Received; readonly figures: readonly Figure[] },
  seconds: number,
): Promise<Sample> {
  const droppedBefore = received.dropped;
  received.frames = 0;
  const end = beginSample(target);
  const { sent, accepted, refused } = await barrage(target, requests, { connections, seconds });
  const sample = end({
    operations: accepted,
    accepted,
    delivered: null,
    missing: 0,
    duplicated: 0,
    errors: refused,
  });
  await settle(
    () => received.frames >= sent,
    () => received.frames,
    500,
  );
  return {
    ...sample,
    delivered: received.frames,
    missing: Math.max(0, accepted - received.frames),
    duplicated: Math.max(0, received.frames - sent),
    errors: sample.errors + received.dropped - droppedBefore,
    figures,
  };
}
