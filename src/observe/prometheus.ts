import type * as PromClient from 'prom-client';
import type { Clock } from '../ports/clock.ts';
import type {
  AppReading,
  HeldReading,
  LoadReading,
  Metrics,
  NodeHealth,
  RedisStanding,
} from '../ports/metrics.ts';
import type { QueueReading } from '../webhooks/delivery-facts.ts';
import { countWith, createCounters, readGauges, workerGauges, type Known } from './catalogue.ts';
import { buildInfo, droppedLogLines, ProcessMetrics } from './process-metrics.ts';
import { Series, type CountedSeries, type Metric } from './series.ts';

/** Metrics that can be read as Prometheus text. */
export interface PrometheusMetrics extends Metrics {
  /** Tells the patterns of the routes that are served. */
  observeRoutes(patterns: readonly string[]): void;
  /** Tells where to read how many lines of the log were dropped. */
  observeLog(readDropped: () => number): void;
  /** What this thread has counted, in a form that can be cloned. */
  counted(): Counted;
  /** Tells where to read what worker threads have counted. */
  observeWorkers(read: () => Promise<readonly WorkerReading[]>): void;
  /** The text, and the Content-Type that it has. It may be as old as is allowed; those who ask together share one. */
  render(): Promise<Rendered>;
}

/** What a thread has counted, by counter. */
export type Counted = Readonly<Record<string, CountedSeries>>;

/** What a worker thread says of itself when somebody looks. */
export interface WorkerReading {
  readonly counted: Counted;
  /** How long its event loop has been busy since it began. */
  readonly busyMs: number;
  readonly heapTotal: number;
  readonly heapUsed: number;
  /** Only where the thread is a node on Redis of its own. */
  readonly onRedis?: ThreadOnRedis | undefined;
}

/** What a thread that is a node on Redis says of itself. */
export interface ThreadOnRedis extends RedisStanding {
  /** By the id of an app, what the thread has subscribers of. */
  readonly held: readonly (readonly [appId: string, HeldReading])[];
}

interface Rendered {
  readonly contentType: string;
  readonly body: string;
}

/** So old a text may be: with hundreds of apps, to render one costs as much as hundreds of publishes. */
const maxAgeMs = 1000;

/**
 * Counts in plain numbers, because counting is on the hot path, and has prom-client write them out when
 * somebody asks; it is loaded with the first question. With a clock, it does so once a second at most.
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
  // A histogram of prom-client's takes no numbers that were counted elsewhere; what it says of itself can be had.
  const histogram = await new Histogram({ ...description, registers: [] }).get();
  gauge.get = () => Promise.resolve({ ...histogram, values: [...metric.samples(known)] });
}
