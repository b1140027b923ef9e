import autocannon from 'autocannon';
import { Pool } from 'undici';
import { beginSample, pause, type Sample } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { signTrigger, type SignedRequest } from '../signing.ts';
import { Subscribers } from '../subscribers.ts';
import type { Target } from '../target.ts';

const channel = 'bench-fan-out';
const subscriberCount = 1000;
const payload = 'x'.repeat(100);
const messagesPerSecond = 20;
const publisherCount = 8;

/**
 * Asks: what does it cost the server to hand one published message to 1,000 subscribers?
 *
 * First one message at a time, 20 a second: nothing can be put together, each delivery is a write of its own, and
 * the rate is the one offered. Then eight publishers, each sending its next message when its last was accepted: a
 * server may put what waits for a socket into one write.
 */
export const fanOut: Scenario = {
  name: 'fan-out',
  question: 'What does it cost to hand one published message to 1,000 subscribers?',
  async prepare(start) {
    const target = await start({});
    const subscribers = await Subscribers.join(target, channel, subscriberCount, payload.length);
    const pool = new Pool(`http://${target.host}:${target.port}`, {
      connections: publisherCount,
      pipelining: 1,
    });
    const load = { target, subscribers, pool };
    const size = `${subscriberCount.toLocaleString('en-US')} subscribers, 100 B`;
    return {
      cases: [
        {
          name: `${size}, one message at a time, ${messagesPerSecond}/s`,
          operation: 'delivery',
          round: (seconds) => broadcast(load, paced, seconds),
        },
        {
          name: `${size}, ${publisherCount} in flight`,
          operation: 'delivery',
          round: (seconds) => broadcast(load, crowded, seconds),
        },
      ],
      close: async () => {
        await pool.close();
        await subscribers.close();
        await target.stop();
      },
    };
  },
};

interface Load {
  readonly target: Target;
  readonly subscribers: Subscribers;
  readonly pool: Pool;
}

/** What became of the messages of a round. */
interface Published {
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
}

/** A message each 50 ms, whatever the server does; late ones follow at once, so that slowness shows in the rate. */
async function paced(load: Load, request: SignedRequest, seconds: number): Promise<Published> {
  const startedAt = performance.now();
  const total = Math.round(seconds * messagesPerSecond);
  let accepted = 0;
  for (let sent = 0; sent < total; sent += 1) {
    await pause(startedAt + (sent * 1000) / messagesPerSecond - performance.now());
    if (await post(load.pool, request)) accepted += 1;
  }
  return { sent: total, accepted, refused: total - accepted };
}

/**
 * Publishers on a thread of their own: they must not wait until this one has read a thousand sockets, or the
 * server would be given its messages one by one after all.
 */
async function crowded(load: Load, request: SignedRequest, seconds: number): Promise<Published> {
  const { host, port } = load.target;
  const result = await autocannon({
    url: `http://${host}:${port}${request.path}`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: request.body,
    connections: publisherCount,
    workers: 1,
    duration: seconds,
    timeout: 5,
  });
  return { sent: result.requests.sent, accepted: result['2xx'], refused: result.non2xx + result.errors };
}

async function broadcast(load: Load, publish: typeof paced, seconds: number): Promise<Sample> {
  const { target, subscribers } = load;
  const request = signTrigger(target, channel, payload);
  const droppedBefore = subscribers.dropped;
  subscribers.startRound();
  const end = beginSample(target);
  const { sent, accepted, refused } = await publish(load, request, seconds);
  const endedAt = await subscribers.drain(accepted, sent);
  const counts = {
    operations: subscribers.delivered,
    accepted,
    delivered: subscribers.delivered,
    missing: subscribers.missing(accepted),
    duplicated: subscribers.beyond(sent),
    errors: refused + subscribers.dropped - droppedBefore,
  };
  return end(counts, endedAt);
}

async function post(pool: Pool, request: SignedRequest): Promise<boolean> {
  try {
    const headers = { 'content-type': 'application/json' };
    const answer = await pool.request({ method: 'POST', path: request.path, headers, body: request.body });
    await answer.body.dump();
    return answer.statusCode >= 200 && answer.statusCode < 300;
  } catch {
    return false; // Counted as an error by the caller; the table shows how many.
  }
}
