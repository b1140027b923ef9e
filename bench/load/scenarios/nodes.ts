import { barrage } from '../driver/publisher.ts';
import { signTrigger } from '../driver/signing.ts';
import { Subscribers } from '../driver/subscribers.ts';
import { beginSample, type Sample } from '../measure/sample.ts';
import type { Bench, Case, Opened, Scenario } from '../scenario.ts';
import { idleCpu, onRedis, single, type Deployment } from '../servers/deployment.ts';

const subscriberCount = 999;
const payload = 'x'.repeat(100);
const publisherCount = 8;
const channel = 'bench-nodes';
const size = `${subscriberCount} subscribers, ${publisherCount} in flight`;

/**
 * What does a published message cost the nodes that did not receive the request?
 *
 * The backend publishes only to the first node. In the first cases, subscribers are spread evenly over all nodes. In
 * the last case there are no subscribers, so the message concerns no other node.
 */
export const nodes: Scenario = {
  name: 'nodes',
  question: 'What does a message cost the nodes at which it was not published?',
  needs: ['nodes'],
  needsRedis: true,
  cases: [
    spread(`memory: ${size}`, (bench) => single(bench)),
    spread(`Redis, 3 nodes: ${size}, published at one`, (bench) => onRedis(bench, 3)),
    {
      name: 'Redis, 3 nodes: no subscribers, cost for the other two nodes',
      operation: 'message and node',
      open: async (bench) => {
        const deployment = await onRedis(bench, 3);
        return { round: (seconds) => measureOthers(deployment, seconds), close: () => deployment.stop() };
      },
    },
  ],
};

function spread(name: string, deploy: (bench: Bench) => Promise<Deployment>): Case {
  return { name, operation: 'delivery', open: async (bench) => openFanOut(await deploy(bench)) };
}

async function openFanOut(deployment: Deployment): Promise<Opened> {
  const each = subscriberCount / deployment.nodes.length;
  const groups = await Promise.all(
    deployment.nodes.map((node) => Subscribers.join(node, channel, each, payload.length)),
  );
  return {
    round: (seconds) => fanOut(deployment, groups, seconds),
    close: async () => {
      await Promise.all(groups.map((group) => group.close()));
      await deployment.stop();
    },
  };
}

function publish(deployment: Deployment, to: string, seconds: number) {
  const [first] = deployment.nodes;
  return barrage(first, [signTrigger(first, to, payload)], {
    connections: publisherCount,
    seconds,
    ownThread: true,
  });
}

async function fanOut(
  deployment: Deployment,
  groups: readonly Subscribers[],
  seconds: number,
): Promise<Sample> {
  const sum = (pick: (group: Subscribers) => number): number =>
    groups.reduce((all, group) => all + pick(group), 0);
  const droppedBefore = sum(({ dropped }) => dropped);
  for (const group of groups) group.startRound();
  const end = beginSample(...deployment.nodes);
  const { sent, accepted, refused } = await publish(deployment, channel, seconds);
  const endings = await Promise.all(groups.map((group) => group.drain(accepted, sent)));
  const delivered = sum((group) => group.delivered);
  const outcome = {
    operations: delivered,
    accepted,
    delivered,
    missing: sum((group) => group.missing(accepted)),
    duplicated: sum((group) => group.beyond(sent)),
    errors: refused + sum(({ dropped }) => dropped) - droppedBefore,
  };
  return end(outcome, Math.max(...endings));
}

/** The CPU is that of the other nodes, minus what they use while idle. */
async function measureOthers(deployment: Deployment, seconds: number): Promise<Sample> {
  const [, ...others] = deployment.nodes;
  const idlePerSecond = await idleCpu(others);
  const end = beginSample(...others);
  const { accepted, refused } = await publish(deployment, 'bench-nobody', seconds);
  const operations = accepted * others.length;
  const lost = { delivered: null, missing: 0, duplicated: 0 };
  const sample = end({ ...lost, operations, accepted, errors: refused });
  const { serverCpuSeconds } = sample;
  if (serverCpuSeconds === null) return sample;
  return { ...sample, serverCpuSeconds: serverCpuSeconds - idlePerSecond * sample.seconds };
}
