import type { LoadReading, Metrics, NodeHealth, QueueReading } from '../ports/metrics.ts';
import { Series } from './series.ts';

/** Metrics that can be read as Prometheus text. */
export interface PrometheusMetrics extends Metrics {
  /** The text, and the Content-Type that it has. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/**
 * Counts in plain numbers, because counting is on the hot path, and has prom-client write them out when
 * somebody asks; it is loaded with the first question.
 */
export function createPrometheusMetrics(): PrometheusMetrics {
  const connections = new Series<string>('soketify_connections', 'Open connections.', ['app']);
  const counters = createCounters();
  let readQueues: () => Iterable<QueueReading> = () => [];
  let readHealth: () => NodeHealth | undefined = () => undefined;
  let readLoad: () => LoadReading | undefined = () => undefined;
  return {
    connectionOpened(app) {
      connections.add(1, app);
      counters.opened.add(1, app);
    },
    connectionClosed: (app) => connections.add(-1, app),
    slowClientClosed: (app) => counters.slow.add(1, app),
    frameTooLarge: (app) => counters.oversized.add(1, app),
    messageReceived: (app) => counters.received.add(1, app),
    messagePublished: (app, source) => counters.published.add(1, app, source),
    httpRequest: (route, status) => counters.requests.add(1, route, String(status)),
    suppressedByGrace: (app, event) => counters.suppressed.add(1, app, event),
    deduplicated: (app) => counters.deduplicated.add(1, app),
    webhookQueued: (app, event) => counters.queued.add(1, app, event),
    webhookAttempt(app, endpoint, result, elapsedMs) {
      counters.attempts.add(1, app, endpoint, result);
      counters.attemptSeconds.add(elapsedMs / 1000, app, endpoint);
    },
    webhookDelivered: (app, endpoint, events) => counters.delivered.add(events, app, endpoint),
    webhookDropped: (app, endpoint, reason, events) => counters.dropped.add(events, app, endpoint, reason),
    observeQueues(read) {
      readQueues = read;
    },
    observeHealth(read) {
      readHealth = read;
    },
    observeLoad(read) {
      readLoad = read;
    },
    async render() {
      const { Counter, Gauge, Registry } = await import('prom-client');
      const registry = new Registry();
      for (const series of Object.values(counters)) {
        const counter = new Counter({ ...describe(series), registers: [registry] });
        for (const { labels, value } of series.read()) counter.inc(labels, value);
      }
      const all = [
        connections,
        ...gauges(readQueues()),
        ...healthGauges(readHealth()),
        ...loadGauges(readLoad()),
      ];
      for (const series of all) {
        const gauge = new Gauge({ ...describe(series), registers: [registry] });
        for (const { labels, value } of series.read()) gauge.set(labels, value);
      }
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}

function createCounters() {
  const counter = (name: string, help: string, ...labels: string[]) =>
    new Series<string>(`soketify_${name}_total`, help, labels);
  return {
    opened: counter('connections_opened', 'Connections accepted.', 'app'),
    slow: counter('slow_clients_closed', 'Connections closed because the client read too slowly.', 'app'),
    oversized: counter(
      'frames_too_large',
      'Connections closed because of a frame that was too large, or could not be inflated.',
      'app',
    ),
    received: counter('messages_received', 'Text frames from clients.', 'app'),
    published: counter('messages_published', 'Events published, once for each channel.', 'app', 'source'),
    requests: counter('http_requests', 'HTTP requests answered.', 'route', 'status'),
    suppressed: counter('webhook_suppressed_by_grace', 'Departures called off by a return.', 'app', 'event'),
    deduplicated: counter('webhook_deduplicated', 'Cache misses that an earlier one stood for.', 'app'),
    queued: counter('webhook_events_queued', 'Events that some endpoint wants.', 'app', 'event'),
    attempts: counter('webhook_attempts', 'POSTs, by what came of them.', 'app', 'endpoint', 'result'),
    attemptSeconds: counter('webhook_attempt_seconds', 'Time spent in POSTs.', 'app', 'endpoint'),
    delivered: counter('webhook_events_delivered', 'Events answered with 2xx.', 'app', 'endpoint'),
    dropped: counter('webhook_events_dropped', 'Events given up.', 'app', 'endpoint', 'reason'),
  };
}

function gauges(queues: Iterable<QueueReading>): Series<string>[] {
  const gauge = (name: string, help: string) =>
    new Series<string>(`soketify_webhook_${name}`, help, ['app', 'endpoint']);
  const events = gauge('queue_events', 'Events neither delivered nor dropped.');
  const bytes = gauge('queue_bytes', 'Bytes of those events.');
  const age = gauge('queue_oldest_seconds', 'Age of the oldest of them.');
  const failing = gauge('endpoint_failing', '1 while the last attempts all failed.');
  for (const queue of queues) {
    events.add(queue.events, queue.appId, queue.endpoint);
    bytes.add(queue.bytes, queue.appId, queue.endpoint);
    age.add(queue.oldestAgeMs / 1000, queue.appId, queue.endpoint);
    failing.add(queue.isFailing ? 1 : 0, queue.appId, queue.endpoint);
  }
  return [events, bytes, age, failing];
}

function healthGauges(health: NodeHealth | undefined): Series<string>[] {
  if (health === undefined) return [];
  return [
    single('redis_up', '1 while the state shared on Redis can be read and written.', health.isWhole),
    single('dispatching', '1 while this node sends the webhooks of all.', health.isDispatching),
  ];
}

function loadGauges(load: LoadReading | undefined): Series<string>[] {
  if (load === undefined) return [];
  return [
    single('accepting', '0 while no client is accepted, to keep files for webhooks.', load.isAccepting),
    single('webhook_attempts_under_way', 'POSTs under way to all endpoints.', load.attempts),
    single(
      'webhook_endpoints_waiting',
      'Endpoints that wait for others to end a POST.',
      load.waitingEndpoints,
    ),
  ];
}

/** A gauge without labels. */
function single(name: string, help: string, value: number | boolean): Series<string> {
  const series = new Series<string>(`soketify_${name}`, help, []);
  series.set(Number(value));
  return series;
}

function describe({ name, help, labels }: Series<string>): {
  name: string;
  help: string;
  labelNames: string[];
} {
  return { name, help, labelNames: [...labels] };
}
