import type { AppReading, LoadReading, Metrics, NodeHealth } from '../ports/metrics.ts';
import { refusalReasons } from '../protocol/refusals.ts';
import { attemptResults, dropReasons, type QueueReading } from '../webhooks/delivery-facts.ts';
import { eventNames } from '../webhooks/event.ts';
import { Histogram, Series, type CountedSeries, type SeriesDescription, type Metric } from './series.ts';

/** The label values that are known before anything was counted. */
export interface Known {
  readonly apps: readonly AppReading[];
  /** The patterns of the routes. */
  readonly routes: readonly string[];
}

type Domain = SeriesDescription<Known>['domain'];

const none: Domain = () => [];
const perApp: Domain = ({ apps }) => apps.map(({ id }) => [id]);
const perAppAnd =
  (values: readonly string[]): Domain =>
  ({ apps }) =>
    apps.flatMap(({ id }) => values.map((value) => [id, value]));
const perEndpoint: Domain = ({ apps }) =>
  apps.flatMap(({ id, endpoints }) => endpoints.map((endpoint) => [id, endpoint]));
const perEndpointAnd =
  (values: readonly string[]): Domain =>
  (known) =>
    [...perEndpoint(known)].flatMap((pair) => values.map((value) => [...pair, value]));
const perRouteAnd =
  (values: readonly string[]): Domain =>
  ({ routes }) =>
    routes.flatMap((route) => values.map((value) => [route, value]));

/** Every reason of every kind, for each app. Refusals that happen before the app is known have an empty app. */
const refusals: Domain = ({ apps }) =>
  Object.entries(refusalReasons).flatMap(([kind, reasons]) => {
    const isBeforeApp = kind === 'connection' || kind === 'request';
    const ids = [...(isBeforeApp ? [''] : []), ...apps.map(({ id }) => id)];
    return reasons.flatMap((reason) => ids.map((id) => [id, kind, reason]));
  });

/** The usual statuses of every route. Another status gets its series when it occurs. */
const statuses = ['200', '400', '401', '403', '404', '405', '413', '429', '500', '503'];

/** Upper bounds in seconds, for an attempt, which a timeout ends, and for a delivery with all its attempts. */
const attemptBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const acknowledgementBounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/** Everything that is counted. */
export type Counters = ReturnType<typeof createCounters>;

/** Creates the counted metrics, each with the value zero. */
export function createCounters() {
  const counter = (name: string, help: string, domain: Domain, ...labels: readonly string[]) =>
    new Series<Known>('counter', { name: `soketify_${name}_total`, help, labels, domain });
  const histogram = (name: string, help: string, bounds: readonly number[]) => {
    const labels = ['app', 'endpoint'];
    return new Histogram<Known>(
      { name: `soketify_webhook_${name}_seconds`, help, labels, domain: perEndpoint },
      bounds,
    );
  };
  const endpoint = ['app', 'endpoint'];
  return {
    connections: gauge('connections', 'Open connections of this node.', perApp, 'app'),
    opened: counter('connections_opened', 'Connections accepted.', perApp, 'app'),
    slow: counter(
      'slow_clients_closed',
      'Connections closed because the client read too slowly.',
      perApp,
      'app',
    ),
    received: counter('messages_received', 'Text frames from clients.', perApp, 'app'),
    published: counter(
      'messages_published',
      'Events published, once for each channel.',
      perAppAnd(['api', 'client']),
      'app',
      'source',
    ),
    refused: counter(
      'refusals',
      'Refused connections, messages and requests.',
      refusals,
      'app',
      'kind',
      'reason',
    ),
    requests: counter('http_requests', 'HTTP requests answered.', perRouteAnd(statuses), 'route', 'status'),
    suppressed: counter(
      'webhook_suppressed_by_grace',
      'Departures that were not sent because of a return within the grace period.',
      perAppAnd(['channel_vacated', 'member_removed']),
      'app',
      'event',
    ),
    deduplicated: counter(
      'webhook_deduplicated',
      'Cache misses that were not sent because an earlier one was.',
      perApp,
      'app',
    ),
    queued: counter(
      'webhook_events_queued',
      'Webhook events that at least one endpoint selects.',
      perAppAnd(eventNames),
      'app',
      'event',
    ),
    attempts: counter(
      'webhook_attempts',
      'Attempts, by result.',
      perEndpointAnd(attemptResults),
      ...endpoint,
      'result',
    ),
    delivered: counter(
      'webhook_events_delivered',
      'Webhook events that an endpoint answered with 2xx.',
      perEndpoint,
      ...endpoint,
    ),
    dropped: counter(
      'webhook_events_dropped',
      'Webhook events dropped.',
      perEndpointAnd(dropReasons),
      ...endpoint,
      'reason',
    ),
    attemptSeconds: histogram(
      'attempt_duration',
      'Duration of an attempt, whatever its result.',
      attemptBounds,
    ),
    acknowledgementSeconds: histogram(
      'acknowledgement',
      'Time from an event to its 2xx, including all waits and attempts.',
      acknowledgementBounds,
    ),
  };
}

/** The functions that count. */
export function countWith(
  counters: Counters,
): Omit<Metrics, 'observeApps' | 'observeQueues' | 'observeHealth' | 'observeLoad'> {
  const { connections, attemptSeconds, acknowledgementSeconds } = counters;
  return {
    connectionOpened(app) {
      connections.add(1, app);
      counters.opened.add(1, app);
    },
    connectionClosed: (app) => connections.add(-1, app),
    slowClientClosed: (app) => counters.slow.add(1, app),
    messageReceived: (app) => counters.received.add(1, app),
    messagePublished: (app, source) => counters.published.add(1, app, source),
    refused: (app, kind, reason) => counters.refused.add(1, app, kind, reason),
    httpRequest: (route, status) => counters.requests.add(1, route, String(status)),
    suppressedByGrace: (app, event) => counters.suppressed.add(1, app, event),
    deduplicated: (app) => counters.deduplicated.add(1, app),
    webhookQueued: (app, event) => counters.queued.add(1, app, event),
    webhookAttempt(app, endpoint, result, elapsedMs) {
      counters.attempts.add(1, app, endpoint, result);
      attemptSeconds.observe(elapsedMs / 1000, app, endpoint);
    },
    webhookDelivered(app, endpoint, elapsedMs) {
      counters.delivered.add(elapsedMs.length, app, endpoint);
      const seconds = elapsedMs.map((ms) => ms / 1000);
      acknowledgementSeconds.observeAll(seconds, app, endpoint);
    },
    webhookDropped: (app, endpoint, reason, events) => counters.dropped.add(events, app, endpoint, reason),
  };
}

/** The current gauges of apps, queues and the node. */
export function readGauges(
  apps: readonly AppReading[],
  queues: Iterable<QueueReading>,
  health: NodeHealth | undefined,
  load: LoadReading | undefined,
): readonly Metric<Known>[] {
  const occupied = gauge('occupied_channels', 'Channels with subscribers on this node.', perApp, 'app');
  const members = gauge('members', 'Members of presence channels on this node.', perApp, 'app');
  const limit = gauge(
    'app_connections_limit',
    'Connections that the app may have on all nodes.',
    none,
    'app',
  );
  for (const app of apps) {
    occupied.add(app.occupiedChannels, app.id);
    members.add(app.members, app.id);
    if (app.connectionLimit !== undefined) limit.add(app.connectionLimit, app.id);
  }
  return [occupied, members, limit, ...queueGauges(queues), ...healthGauges(health), ...loadGauges(load)];
}

/** The load and the connections of each worker. */
export function workerGauges(
  workers: readonly { readonly counted: Readonly<Record<string, CountedSeries>>; readonly busyMs: number }[],
): readonly Metric<Known>[] {
  if (workers.length === 0) return [];
  const connections = gauge('worker_connections', 'Open connections of a worker.', none, 'worker');
  const busy = new Series<Known>('counter', {
    name: 'soketify_worker_busy_seconds_total',
    help: 'Time that the event loop of a worker has been busy.',
    labels: ['worker'],
    domain: none,
  });
  for (const [index, { counted, busyMs }] of workers.entries()) {
    const worker = String(index + 1);
    connections.add(
      (counted['connections'] ?? []).reduce((sum, [, value]) => sum + value, 0),
      worker,
    );
    busy.add(busyMs / 1000, worker);
  }
  return [connections, busy];
}

function queueGauges(queues: Iterable<QueueReading>): readonly Metric<Known>[] {
  const perQueue = (name: string, help: string) =>
    gauge(`webhook_${name}`, help, perEndpoint, 'app', 'endpoint');
  const events = perQueue('queue_events', 'Webhook events that are neither delivered nor dropped.');
  const bytes = perQueue('queue_bytes', 'Bytes of the queued webhook events.');
  const age = perQueue('queue_oldest_seconds', 'Age of the oldest queued webhook event.');
  const failing = perQueue('endpoint_failing', '1 while all recent attempts have failed.');
  for (const queue of queues) {
    events.add(queue.events, queue.appId, queue.endpoint);
    bytes.add(queue.bytes, queue.appId, queue.endpoint);
    age.add(queue.oldestAgeMs / 1000, queue.appId, queue.endpoint);
    failing.add(queue.isFailing ? 1 : 0, queue.appId, queue.endpoint);
  }
  return [events, bytes, age, failing];
}

function healthGauges(health: NodeHealth | undefined): readonly Metric<Known>[] {
  if (health === undefined) return [];
  const up = gauge('redis_up', '1 while the state shared on Redis can be read and written.', none);
  const dispatching = gauge('dispatching', '1 while this node sends webhooks.', none);
  const partitions = gauge('dispatched_partitions', 'Partitions whose webhooks this node sends.', none);
  up.add(health.isWhole ? 1 : 0);
  dispatching.add(health.isDispatching ? 1 : 0);
  partitions.add(health.partitions);
  return [up, dispatching, partitions];
}

function loadGauges(load: LoadReading | undefined): readonly Metric<Known>[] {
  if (load === undefined) return [];
  const accepting = gauge(
    'accepting',
    '0 while new connections are refused, to keep open files for webhooks.',
    none,
  );
  const attempts = gauge('webhook_attempts_under_way', 'Attempts in progress to all endpoints.', none);
  const waiting = gauge(
    'webhook_endpoints_waiting',
    'Endpoints that wait because the limit of concurrent attempts is reached.',
    none,
  );
  accepting.add(load.isAccepting ? 1 : 0);
  attempts.add(load.attempts);
  waiting.add(load.waitingEndpoints);
  return [accepting, attempts, waiting, ...limitGauges(load), ...storeGauges(load)];
}

function limitGauges({ connectionLimit }: LoadReading): readonly Metric<Known>[] {
  if (connectionLimit === undefined) return [];
  const limit = gauge('connections_limit', 'Connections that this node accepts at most.', none);
  limit.add(connectionLimit);
  return [limit];
}

function storeGauges({ isStoreWritten }: LoadReading): readonly Metric<Known>[] {
  if (isStoreWritten === undefined) return [];
  const up = gauge('store_up', '1 while the store on disk can be written.', none);
  up.add(isStoreWritten ? 1 : 0);
  return [up];
}

function gauge(name: string, help: string, domain: Domain, ...labels: readonly string[]): Series<Known> {
  return new Series('gauge', { name: `soketify_${name}`, help, labels, domain });
}
