import { callApi } from './api.ts';
import type { Divergence } from './checks.ts';
import { waitUntil } from './children.ts';
import type { Client } from './client.ts';
import { clientEvent, Connection, probeEvent } from './connection.ts';
import type { NodeProcess } from './node-process.ts';
import { noEvent } from './cached-events.ts';
import type { Publisher } from './publisher.ts';
import { isCache } from './settings.ts';

const patienceMs = 5000;
/** Channels that one request may publish to. */
const channelsAtOnce = 100;

/**
 * Publishes from each node to every channel without a cache, and checks that every subscriber on every node
 * receives it.
 */
export async function probeFanOut(
  nodes: readonly NodeProcess[],
  clients: readonly Client[],
): Promise<Divergence[]> {
  const held = new Set(clients.flatMap((client) => [...client.held.keys()]).filter((name) => !isCache(name)));
  const channels = [...held];
  for (const node of nodes) {
    for (let at = 0; at < channels.length; at += channelsAtOnce) {
      const some = channels.slice(at, at + channelsAtOnce);
      const body = JSON.stringify({ name: probeEvent, channels: some, data: node.name });
      await callApi(node, '/events', body);
    }
  }
  const missing = () =>
    clients.flatMap((client) =>
      [...client.held.keys()]
        .filter((channel) => held.has(channel))
        .flatMap((channel) => nodes.map(({ name }) => ({ client, channel, name })))
        .filter(({ channel, name }) => !client.probes.has(`${channel} ${name}`)),
    );
  await waitUntil(() => missing().length === 0, patienceMs);
  return missing().map(({ client, channel, name }) => ({
    where: `${client.name} on ${client.node}`,
    subject: channel,
    believed: 'no event arrived',
    truth: `an event was published on ${name}`,
  }));
}

/**
 * Subscribes to every cache channel on each node, and checks that a new subscriber receives the last event.
 */
export async function probeCaches(
  nodes: readonly NodeProcess[],
  channels: readonly string[],
  publisher: Publisher,
): Promise<Divergence[]> {
  const perNode = nodes.map((node) => probeCachesOn(node, channels.filter(isCache), publisher));
  return (await Promise.all(perNode)).flat();
}

async function probeCachesOn(
  node: NodeProcess,
  channels: readonly string[],
  publisher: Publisher,
): Promise<Divergence[]> {
  const got = new Map<string, string>();
  const connection = new Connection(node, 'prober', {
    onEstablished: () => {
      for (const channel of channels) connection.subscribe(channel);
    },
    onHeld: () => {},
    onLost: () => {},
    onRedundantEvent: () => {},
    onRefused: () => {},
    onEvent(event, channel, data) {
      // Other events may arrive meanwhile. The cached event comes first.
      if (event === clientEvent || got.has(channel)) return;
      got.set(channel, event === 'pusher:cache_miss' ? noEvent : data);
    },
    onClosed: () => {},
  });
  await waitUntil(() => channels.every((channel) => got.has(channel)), patienceMs);
  connection.close(true);
  return channels
    .filter((channel) => !publisher.acceptable(channel).includes(got.get(channel) ?? 'no answer'))
    .map((channel) => ({
      where: `a new subscriber on ${node.name}`,
      subject: channel,
      believed: describe(got.get(channel) ?? 'no answer'),
      truth: publisher.acceptable(channel).map(describe).join(' or '),
    }));
}

function describe(data: string): string {
  return data === noEvent ? 'no cached event' : data;
}
