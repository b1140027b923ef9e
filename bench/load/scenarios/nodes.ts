import autocannon from 'autocannon';
import { idleCpu, onRedis, single, type Deployment } from '../deployment.ts';
import { beginSample, type Sample } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { signTrigger } from '../signing.ts';
import { Subscribers } from '../subscribers.ts';

const subscriberCount = 999;
const payload = 'x'.repeat(100);
const publisherCount = 8;
const channel = 'bench-nodes';

/**
 * Asks: what does one published message cost the nodes that did not get the request?
 *
 * The backend publishes to the first node only. In the first cases subscribers are spread evenly over all nodes. In
 * the last one there are none at all: each other node hears the message, finds nobody to give it to and passes over.
 */
export const nodes: Scenario = {
  name: 'nodes',
  question: 'What does a message cost the nodes that it was not published at?',
  needsRedis: true,
  async prepare(start, startRedis) {
    const alone = await prepareFanOut(await single(start));
    const three = await prepareFanOut(await onRedis(start, startRedis, 3));
    const size = `${subscriberCount} subscribers, ${publisherCount} in flight`;
    return {
      cases: [
        { name: `memory: ${size}`, operation: 'delivery', round: (seconds) => fanOut(alone, seconds) },
        {
          name: `Redis, 3 nodes: ${size}, published at one`,
          operation: 'delivery',
          round: (seconds) => fanOut(three, seconds),
        },
        {
          name: 'Redis, 3 nodes: nobody subscribed, what the other two pay to pass over',
          operation: 'message heard',
          round: (seconds) => passOver(three.deployment, seconds),
        },
      ],
      close: async () => {
        await Promise.all([alone, three].flatMap(({ groups }) => groups.map((group) => group.close())));
        await Promise.all([alone, three].map(({ deployment }) => deployment.stop()));
      },
    };
  },
};

interface Load {
  readonly deployment: Deployment;
  /** The subscribers of each node. */
  readonly groups: readonly Subscribers[];
}

async function prepareFanOut(deployment: Deployment): Promise<Load> {
  const each = subscriberCount / deployment.nodes.length;
  const groups = await Promise.all(
    deployment.nodes.map((node) => Subscribers.join(node, channel, each, payload.length)),
  );
  return { deployment, groups };
}

async function publish(deployment: Deployment, to: string, seconds: number) {
  const [{ host, port }] = deployment.nodes;
  const request = signTrigger(deployment.nodes[0], to, payload);
  // On a thread of their own, so that the publishers need not wait until this one has read all sockets.
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

async function fanOut(load: Load, seconds: number): Promise<Sample> {
  const { deployment, groups } = load;
  const sum = (pick: (group: Subscribers) => number): number =>
    groups.reduce((all, group) => all + pick(group), 0);
  const droppedBefore = sum(({ dropped }) => dropped);
  for (const group of groups) group.startRound();
  const end = beginSample(...deployment.nodes);
  const { sent, accepted, refused } = await publish(deployment, channel, seconds);
  const endings = await Promise.all(groups.map((group) => group.drain(accepted, sent)));
  const delivered = sum((group) => group.delivered);
  const counts = {
    operations: delivered,
    accepted,
    delivered,
    missing: sum((group) => group.missing(accepted)),
    duplicated: sum((group) => group.beyond(sent)),
    errors: refused + sum(({ dropped }) => dropped) - droppedBefore,
  };
  return end(counts, Math.max(...endings));
}

/** The CPU is that of the nodes that heard the messages, without what they use while nothing happens. */
async function passOver(deployment: Deployment, seconds: number): Promise<Sample> {
  const [, ...others] = deployment.nodes;
  const idlePerSecond = await idleCpu(others);
  const end = beginSample(...others);
  const { accepted, refused } = await publish(deployment, 'bench-nobody', seconds);
  const heard = accepted * others.length;
  const counts = { operations: heard, accepted, delivered: null, missing: 0, duplicated: 0, errors: refused };
  const sample = end(counts);
  const { serverCpuSeconds } = sample;
  if (serverCpuSeconds === null) return sample;
  return { ...sample, serverCpuSeconds: serverCpuSeconds - idlePerSecond * sample.seconds };
}
