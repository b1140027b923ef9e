import type { ClientConnections } from '../connections/client-connections.ts';
import type { LocalApps } from '../apps/local-app.ts';
import type { WallTime } from '../ports/clock.ts';
import type { NodeHealth } from '../ports/metrics.ts';
import type { Samples } from '../recording/samples.ts';
import type { QueueReading } from '../webhooks/delivery-facts.ts';
import type { OverviewView } from '../views/server.ts';

/** What the overview needs. */
export interface OverviewParts {
  readonly apps: LocalApps;
  readonly connections: ClientConnections;
  readonly wallTime: WallTime;
  readonly samples: Samples;
  readonly refusals: RefusalCounts;
  /** The queues of endpoints, or undefined if this node sends no webhooks. */
  readonly queues: () => Iterable<QueueReading> | undefined;
  readonly attemptsUnderWay: () => number;
  readonly isAccepting: () => boolean;
  /** The health of this node in its cluster, or undefined if it is the only node. */
  readonly nodeHealth: () => NodeHealth | undefined;
  /** The health of the store, or undefined if there is none. */
  readonly storeHealth: () =>
    { readonly failure: string | undefined; readonly lostReason: string | undefined } | undefined;
}

/** Counts refusals since the start by kind and reason. */
export class RefusalCounts {
  readonly #counts = new Map<string, { readonly kind: string; readonly reason: string; count: number }>();

  /** Adds refusals. */
  add(kind: string, reason: string, times = 1): void {
    const key = `${kind}\n${reason}`;
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { kind, reason, count: times });
    else known.count += times;
  }

  /** The most frequent refusals, most frequent first. */
  most(limit: number): OverviewView['refusals'] {
    return [...this.#counts.values()]
      .toSorted((a, b) => b.count - a.count)
      .slice(0, limit)
      .map(({ kind, reason, count }) => ({ kind, reason, count }));
  }
}

/** The most refusal reasons in the overview, and the most failing endpoints. */
const maxNamed = 20;

/** The current state of the server, optionally with the history of the last hour. */
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
    refusals: refusals.most(maxNamed),
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
    if (!queue.isFailing || failing.length === maxNamed) continue;
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
        text: 'The limit of open files is reached. No new connections are accepted until some are closed.',
      };
  return [
    clients,
    ...(node === undefined ? [] : [describeRedis(node), describeDispatch(node)]),
    ...(store === undefined ? [] : describeStore(store)),
  ];
}

function describeRedis({ isWhole, isFull }: NodeHealth): OverviewView['health'][number] {
  const name = 'Redis';
  if (isFull) return { name, isGood: false, text: 'Redis is full. Nothing new is stored.' };
  return isWhole
    ? { name, isGood: true, text: 'Redis is connected.' }
    : {
        name,
        isGood: false,
        text: 'Redis cannot be reached. This node serves its clients with what it knows.',
      };
}

function describeDispatch({
  isDispatching,
  partitions,
  partitionCount,
}: NodeHealth): OverviewView['health'][number] {
  return { name: 'Webhooks', isGood: true, text: describeShare() };

  function describeShare(): string {
    if (!isDispatching) return 'Other nodes send the webhooks. They show the deliveries and queues.';
    if (partitions === partitionCount) return 'This node sends the webhooks of all nodes.';
    return `This node sends the webhooks of ${partitions} of ${partitionCount} partitions. Other nodes send and show the rest.`;
  }
}

function describeStore({
  failure,
  lostReason,
}: NonNullable<ReturnType<OverviewParts['storeHealth']>>): OverviewView['health'] {
  const name = 'Store';
  const written =
    failure === undefined
      ? { name, isGood: true, text: 'The store works.' }
      : { name, isGood: false, text: `The store cannot be written: ${failure}. Webhooks wait.` };
  if (lostReason === undefined) return [written];
  return [written, { name: 'Stored state', isGood: false, text: `Stored data was lost: ${lostReason}.` }];
}
