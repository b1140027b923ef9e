import type { ClientConnections } from '../app/client-connections.ts';
import type { LocalApps } from '../app/local-app.ts';
import type { WallTime } from '../ports/clock.ts';
import type { NodeHealth } from '../ports/metrics.ts';
import type { Samples } from '../recording/samples.ts';
import type { QueueReading } from '../webhooks/delivery-facts.ts';
import type { OverviewView } from '../views/server.ts';

/** What the overview is made of. */
export interface OverviewParts {
  readonly apps: LocalApps;
  readonly connections: ClientConnections;
  readonly wallTime: WallTime;
  readonly samples: Samples;
  readonly refusals: RefusalCounts;
  /** What waits for endpoints; undefined: this node sends no webhooks. */
  readonly queues: () => Iterable<QueueReading> | undefined;
  readonly attemptsUnderWay: () => number;
  readonly isAccepting: () => boolean;
  /** How this node stands with the others; undefined: it is alone. */
  readonly nodeHealth: () => NodeHealth | undefined;
  /** How the store does; undefined: there is none. */
  readonly storeHealth: () =>
    { readonly failure: string | undefined; readonly lostReason: string | undefined } | undefined;
}

/** What was refused since the start, by kind and reason. */
export class RefusalCounts {
  readonly #counts = new Map<string, { readonly kind: string; readonly reason: string; count: number }>();

  /** Something was refused again. */
  add(kind: string, reason: string, times = 1): void {
    const key = `${kind}\n${reason}`;
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { kind, reason, count: times });
    else known.count += times;
  }

  /** What was refused most, first. */
  most(limit: number): OverviewView['refusals'] {
    return [...this.#counts.values()]
      .toSorted((a, b) => b.count - a.count)
      .slice(0, limit)
      .map(({ kind, reason, count }) => ({ kind, reason, count }));
  }
}

/** So many reasons of refusals, and endpoints that fail, are named. */
const mostNamed = 20;

/** How the server does at this moment; with the last hour if it is asked for. */
export function readOverview(parts: OverviewParts, withSeries: boolean): OverviewView {
  const { apps, wallTime, samples, refusals } = parts;
  let connections = 0;
  let occupiedChannels = 0;
  let members = 0;
  for (const { config } of apps) {
    const held = parts.connections.held(config.id);
    connections += parts.connections.count(config.id);
    occupiedChannels += held.occupiedChannels;
    members += held.members;
  }
  return {
    nowMs: wallTime.now(),
    connections,
    occupiedChannels,
    members,
    rates: samples.rates(),
    webhooks: readWebhooks(parts),
    health: readHealth(parts),
    refusals: refusals.most(mostNamed),
    ...(withSeries && { series: samples.series() }),
  };
}

function readWebhooks({ apps, queues, attemptsUnderWay }: OverviewParts): OverviewView['webhooks'] {
  const underWay = attemptsUnderWay();
  const readings = queues();
  if (readings === undefined) return { failing: [], underWay };
  let waiting = 0;
  let bytes = 0;
  let oldestAgeMs = 0;
  const failing: { appId: string; endpoint: string; url: string }[] = [];
  for (const queue of readings) {
    waiting += queue.events;
    bytes += queue.bytes;
    oldestAgeMs = Math.max(oldestAgeMs, queue.oldestAgeMs);
    if (!queue.isFailing || failing.length === mostNamed) continue;
    const { appId, endpoint } = queue;
    const url = apps.byId(appId)?.config.endpoints.find(({ id }) => id === endpoint)?.url ?? '';
    failing.push({ appId, endpoint, url });
  }
  return { waiting, bytes, oldestAgeMs: Math.round(oldestAgeMs), failing, underWay };
}

function readHealth({ nodeHealth, storeHealth, isAccepting }: OverviewParts): OverviewView['health'] {
  const node = nodeHealth();
  const store = storeHealth();
  const clients = isAccepting()
    ? { name: 'Clients', isGood: true, text: 'New connections are accepted.' }
    : {
        name: 'Clients',
        isGood: false,
        text: 'No new connections are accepted until some have left: the limit of open files is reached.',
      };
  return [
    clients,
    ...(node === undefined ? [] : [describeRedis(node), describeDispatch(node)]),
    ...(store === undefined ? [] : describeStore(store)),
  ];
}

function describeRedis({ isWhole, isFull }: NodeHealth): OverviewView['health'][number] {
  const name = 'Redis';
  if (isFull) return { name, isGood: false, text: 'Redis is full: nothing new is stored.' };
  return isWhole
    ? { name, isGood: true, text: 'Redis is connected.' }
    : {
        name,
        isGood: false,
        text: 'Redis cannot be reached: this node serves its clients with what it knows.',
      };
}

function describeDispatch({
  isDispatching,
  partitions,
  partitionCount,
}: NodeHealth): OverviewView['health'][number] {
  return { name: 'Webhooks', isGood: true, text: describeShare() };

  function describeShare(): string {
    if (!isDispatching) return 'Other nodes send the webhooks: deliveries and queues are shown there.';
    if (partitions === partitionCount) return 'This node sends the webhooks of all nodes.';
    return `This node sends the webhooks of ${partitions} of ${partitionCount} parts of the channels; other nodes send the rest, and show it.`;
  }
}

function describeStore({
  failure,
  lostReason,
}: NonNullable<ReturnType<OverviewParts['storeHealth']>>): OverviewView['health'] {
  const name = 'Store';
  const written =
    failure === undefined
      ? { name, isGood: true, text: 'The store is written.' }
      : { name, isGood: false, text: `The store cannot be written: ${failure}. Webhooks wait.` };
  if (lostReason === undefined) return [written];
  return [
    written,
    { name: 'Kept state', isGood: false, text: `Something that was kept was lost: ${lostReason}.` },
  ];
}
