import { barrage, Publisher } from '../driver/publisher.ts';
import { signBatch, signTrigger, type SignedRequest } from '../driver/signing.ts';
import { Subscribers } from '../driver/subscribers.ts';
import { Latencies } from '../measure/latencies.ts';
import { beginSample, type Sample } from '../measure/sample.ts';
import { onSchedule } from '../measure/wait.ts';
import type { Bench, Opened, Scenario } from '../scenario.ts';
import type { Target } from '../servers/target.ts';

const payload = 'x'.repeat(100);
const connections = 32;
const pacedPerSecond = 500;
const subscribedChannel = 'bench-one';
const batch = Array.from({ length: 10 }, () => subscribedChannel);

/**
 * What does one signed publish request cost the server?
 *
 * Every request has a correct signature, which the server must verify each time: query HMAC, body MD5 and
 * timestamp. The cases with a subscriber compare accepted requests with delivered frames.
 */
export const httpTrigger: Scenario = {
  name: 'http-trigger',
  question: 'What does one signed POST /apps/ID/events cost?',
  cases: [
    {
      name: `no subscribers, 100 B, ${connections} connections`,
      operation: 'request',
      wanted: { atMost: 20 },
      open: (bench) => openBarrage(bench, (target) => signTrigger(target, 'bench-nobody', payload), 0),
    },
    {
      name: `1 subscriber, 100 B, ${connections} connections`,
      operation: 'request',
      open: (bench) => openBarrage(bench, (target) => signTrigger(target, subscribedChannel, payload), 1),
    },
    {
      name: `batch of ${batch.length}, 1 subscriber, 100 B, ${connections} connections`,
      operation: 'request',
      wanted: { atMost: 60 },
      open: (bench) => openBarrage(bench, (target) => signBatch(target, batch, payload), batch.length),
    },
    {
      name: `no subscribers, 100 B, ${pacedPerSecond}/s on schedule`,
      operation: 'request',
      open: (bench) => openPacedTrigger(bench, pacedPerSecond),
    },
  ],
  notes: [
    'Sockudo closes the connection after each answer, so its figures include a connection for each request.',
    'raw also verifies signature, MD5 and timestamp, with createHmac and createHash, but relies on the order of the parameters.',
  ],
};

/** `frames` is the number of frames that one accepted request causes for the only subscriber. */
export async function openBarrage(
  bench: Bench,
  sign: (target: Target) => SignedRequest,
  frames: number,
): Promise<Opened> {
  const target = await bench.start({});
  const subscriber = await Subscribers.join(target, subscribedChannel, 1, payload.length);
  return {
    pid: target.pid,
    round: (seconds) => measureBarrage(target, sign(target), { subscriber, frames }, seconds),
    close: async () => {
      await subscriber.close();
      await target.stop();
    },
  };
}

async function measureBarrage(
  target: Target,
  request: SignedRequest,
  { subscriber, frames }: { readonly subscriber: Subscribers; readonly frames: number },
  seconds: number,
): Promise<Sample> {
  const droppedBefore = subscriber.dropped;
  subscriber.startRound();
  const end = beginSample(target);
  const { sent, accepted, refused } = await barrage(target, [request], { connections, seconds });
  const nothing = { delivered: null, missing: 0, duplicated: 0 };
  const sample = end({ operations: accepted, accepted, errors: refused, ...nothing });
  if (frames === 0) return sample;
  // Wait for frames that are still on their way after the last answer, outside the measured time.
  await subscriber.drain(accepted * frames, sent * frames);
  return {
    ...sample,
    delivered: subscriber.delivered,
    missing: subscriber.missing(accepted * frames),
    duplicated: subscriber.beyond(sent * frames),
    errors: sample.errors + subscriber.dropped - droppedBefore,
  };
}

/** Opens a server that receives `perSecond` requests for a channel without subscribers. */
export async function openPacedTrigger(bench: Bench, perSecond: number): Promise<Opened> {
  const target = await bench.start({});
  const publisher = new Publisher(target, connections);
  return {
    pid: target.pid,
    round: (seconds) => paced(target, publisher, { perSecond, seconds }),
    close: async () => {
      await publisher.close();
      await target.stop();
    },
  };
}

async function paced(
  target: Target,
  publisher: Publisher,
  schedule: { readonly perSecond: number; readonly seconds: number },
): Promise<Sample> {
  const request = signTrigger(target, 'bench-nobody', payload);
  const latencies = new Latencies();
  const answers: Promise<boolean>[] = [];
  const end = beginSample(target);
  await onSchedule(schedule, (_, dueAt) => {
    const answer = publisher.post(request);
    answers.push(answer);
    void answer.then(() => latencies.record(performance.now() - dueAt));
  });
  const results = await Promise.all(answers);
  const accepted = results.filter(Boolean).length;
  return end({
    operations: accepted,
    accepted,
    delivered: null,
    missing: 0,
    duplicated: 0,
    errors: results.length - accepted,
    latency: latencies.percentiles(),
  });
}
