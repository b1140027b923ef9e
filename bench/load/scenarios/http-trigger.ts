import autocannon from 'autocannon';
import { beginSample, type Sample } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { signTrigger } from '../signing.ts';
import { Subscribers } from '../subscribers.ts';
import type { Target } from '../target.ts';

const payload = 'x'.repeat(100);
const connections = 32;

/**
 * Asks: what does the server spend on one signed `POST /apps/ID/events`?
 *
 * Every request carries a correct signature, which the server has to verify each time: query HMAC, body MD5 and
 * timestamp. The second case adds one subscriber, so that accepted requests and delivered frames can be compared.
 */
export const httpTrigger: Scenario = {
  name: 'http-trigger',
  question: 'What does one signed POST /apps/ID/events cost?',
  async prepare(start) {
    const target = await start({});
    const one = await Subscribers.join(target, 'bench-one', 1, payload.length);
    return {
      cases: [
        {
          name: `nobody subscribed, 100 B, ${connections} connections`,
          operation: 'request',
          round: (seconds) => cannonade(target, 'bench-nobody', null, seconds),
        },
        {
          name: `one subscriber, 100 B, ${connections} connections`,
          operation: 'request',
          round: (seconds) => cannonade(target, 'bench-one', one, seconds),
        },
      ],
      close: async () => {
        await one.close();
        await target.stop();
      },
    };
  },
};

async function cannonade(
  target: Target,
  channel: string,
  subscriber: Subscribers | null,
  seconds: number,
): Promise<Sample> {
  const request = signTrigger(target, channel, payload);
  const droppedBefore = subscriber?.dropped ?? 0;
  subscriber?.startRound();
  const end = beginSample(target);
  const result = await autocannon({
    url: `http://${target.host}:${target.port}${request.path}`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: request.body,
    connections,
    duration: seconds,
    timeout: 5,
  });
  const accepted = result['2xx'];
  const sample = end({
    operations: accepted,
    accepted,
    delivered: null,
    missing: 0,
    duplicated: 0,
    errors: result.non2xx + result.errors,
  });
  if (subscriber === null) return sample;
  // Frames still on their way when the last answer came; outside the measured time.
  await subscriber.drain(accepted, result.requests.sent);
  return {
    ...sample,
    delivered: subscriber.delivered,
    missing: subscriber.missing(accepted),
    duplicated: subscriber.beyond(result.requests.sent),
    errors: sample.errors + subscriber.dropped - droppedBefore,
  };
}
