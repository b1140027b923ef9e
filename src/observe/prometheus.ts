import type * as PromClient from 'prom-client';
import type { Clock } from '../ports/clock.ts';
import type {
  AppReading,
  HeldReading,
  LoadReading,
  Metrics,
  NodeHealth,
  RedisStatus,
} from '../ports/metrics.ts';
import type { QueueReading } from '../webhooks/delivery-facts.ts';
import { countWith, createCounters, readGauges, workerGauges, type Known } from './catalogue.ts';
import { buildInfo, droppedLogLines, ProcessMetrics } from './process-metrics.ts';
import { Series, type CountedSeries, type Metric } from './series.ts';

/** Metrics that can be rendered in the text format of Prometheus. */
export interface PrometheusMetrics extends Metrics {
  /** Sets the patterns of the served routes. */
  observeRoutes(patterns: readonly string[]): void;
  /** Sets the source of the number of dropped log lines. */
  observeLog(readDropped: () => number): void;
  /** The counts of this thread, in a form that can be cloned. */
  counted(): Counted;
  /** Sets the source of the counts of workers. */
  observeWorkers(read: () => Promise<readonly WorkerReading[]>): void;
  /** Renders the text. With a clock, requests within one second share the result. */
  render(): Promise<Rendered>;
}

/** The counts of a thread, by counter. */
export type Counted = Readonly<Record<string, CountedSeries>>;

/** The state that a worker reports. */
export interface WorkerReading {
  readonly counted: Counted;
  /** How long its event loop has been busy since its start. */
  readonly busyMs: number;
  readonly heapTotal: number;
  readonly heapUsed: number;
  /** Only set where the thread is a node on Redis. */
  readonly onRedis?: ThreadOnRedis | undefined;
}

/** The report of a thread that is a node on Redis. */
export interface ThreadOnRedis extends RedisStatus {
  /** The channels and members of each app on this thread. */
  readonly held: readonly (readonly [appId: string, HeldReading])[];
}

interface Rendered {
  readonly contentType: string;
  readonly body: string;
}

/** The maximum age of a shared text. With hundreds of apps, rendering costs as much as hundreds of publishes. */
const maxAgeMs = 1000;

/**
 * Counts in plain numbers, because counting is on the hot path, and renders them with prom-client on request. prom-client is
 * loaded on the first request. With a clock, the text is rendered once a second at most.
 */
export function createPrometheusMetrics(clock?: Pick<Clock, 'now'>): PrometheusMetrics {
  const counters = createCounters();
  const processMetrics = new ProcessMetrics();
  let routes: readonly string[] = [];
  let readApps: () => Iterable<AppReading> = () => [];
  let readQueues: () => Iterable<QueueReading> = () => [];
  let readHealth: () => NodeHealth | undefined = () => undefined;
  let readLoad: () => LoadReading | undefined = () => undefined;
  let readDroppedLines = (): number => 0;
  let readWorkers = async (): Promise<readonly WorkerReading[]> => [];
  let cached: { readonly at: number; readonly text: Promise<Rendered> } | undefined;

  const renderNow = async (): Promise<Rendered> => {
    const client = await import('prom-client');
    const registry = new client.Registry();
    const workers = await readWorkers();
    const known: Known = { apps: [...readApps()], routes };
    const metrics: readonly Metric<Known>[] = [
      ...Object.entries(counters).map(([name, metric]) =>
        metric instanceof Series ? metric.with(workers.map(({ counted }) => counted[name] ?? [])) : metric,
      ),
      ...workerGauges(workers),
      ...readGauges(known.apps, readQueues(), readHealth(), readLoad()),
      ...processMetrics.read(workers),
      droppedLogLines(readDroppedLines()),
      buildInfo(),
    ];
    for (const metric of metrics) await register(client, registry, metric, known);
    return { contentType: registry.contentType, body: await registry.metrics() };
  };

  return {
    ...countWith(counters),
    observeRoutes(patterns) {
      routes = patterns;
    },
    observeApps(read) {
      readApps = read;
    },
    observeQueues(read) {
      readQueues = read;
    },
    observeHealth(read) {
      readHealth = read;
    },
    observeLoad(read) {
      readLoad = read;
    },
    observeLog(read) {
      readDroppedLines = read;
    },
    counted: () =>
      Object.fromEntries(
        Object.entries(counters).flatMap(([name, metric]) =>
          metric instanceof Series ? [[name, metric.counted]] : [],
        ),
      ),
    observeWorkers(read) {
      readWorkers = read;
    },
    render() {
      const at = clock?.now() ?? 0;
      if (clock !== undefined && cached !== undefined && at - cached.at < maxAgeMs) return cached.text;
      const text = renderNow();
      cached = { at, text };
      return text;
    },
  };
}

async function register(
  { Counter, Gauge, Histogram }: typeof PromClient,
  registry: PromClient.Registry,
  metric: Metric<Known>,
  known: Known,
): Promise<void> {
  const description = { name: metric.name, help: metric.help, labelNames: [...metric.labels] };
  const registers = [registry];
  if (metric.type === 'counter') {
    const counter = new Counter({ ...description, registers });
    for (const { labels, value } of metric.samples(known)) counter.inc(labels, value);
    return;
  }
  const gauge = new Gauge({ ...description, registers });
  if (metric.type === 'gauge') {
    for (const { labels, value } of metric.samples(known)) gauge.set(labels, value);
    return;
  }
  // A histogram of prom-client does not accept external counts, so only its description is used.
  const histogram = await new Histogram({ ...description, registers: [] }).get();
  gauge.get = () => Promise.resolve({ ...histogram, values: [...metric.samples(known)] });
}
