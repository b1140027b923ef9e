import { readFileSync, statSync } from 'node:fs';
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { Series, type SeriesDescription, type Metric } from './series.ts';

/** The resolution of delays of the event loop. Each step wakes the process up. */
const resolutionMs = 50;

/**
 * The metrics of the process. They are read on request, except the delay of the event loop, which is monitored from the
 * first request on. Each request reports the delay since the previous one.
 */
export class ProcessMetrics {
  #delays: IntervalHistogram | undefined;

  /** Reads the metrics. `threads` are the heaps of other threads. */
  *read(
    threads: readonly { readonly heapTotal: number; readonly heapUsed: number }[] = [],
  ): Generator<Metric<unknown>, void> {
    const cpu = process.cpuUsage();
    const memory = process.memoryUsage();
    for (const { heapTotal, heapUsed } of threads) {
      memory.heapTotal += heapTotal;
      memory.heapUsed += heapUsed;
    }
    yield counter('process_cpu_user_seconds_total', 'CPU time in user mode.', cpu.user / 1e6);
    yield counter('process_cpu_system_seconds_total', 'CPU time in the kernel.', cpu.system / 1e6);
    yield counter('process_cpu_seconds_total', 'Total CPU time.', (cpu.user + cpu.system) / 1e6);
    yield gauge('process_resident_memory_bytes', 'Resident memory of the process.', memory.rss);
    yield gauge('nodejs_heap_size_total_bytes', 'Size of the JavaScript heap.', memory.heapTotal);
    yield gauge('nodejs_heap_size_used_bytes', 'Used part of the JavaScript heap.', memory.heapUsed);
    yield gauge('nodejs_external_memory_bytes', 'Memory outside the heap, such as buffers.', memory.external);
    yield gauge('process_start_time_seconds', 'Start time of the process.', startedAtSeconds);
    const files = countOpenFiles();
    if (files !== undefined) yield gauge('process_open_fds', 'Open files. Each connection is one.', files);
    yield* this.#readDelays();
  }

  *#readDelays(): Generator<Metric<unknown>, void> {
    if (this.#delays === undefined) {
      this.#delays = monitorEventLoopDelay({ resolution: resolutionMs });
      this.#delays.enable();
    }
    const delays = this.#delays;
    const isEmpty = delays.count === 0;
    // The measured time between two checks equals the resolution if nothing delays the event loop.
    const seconds = (nanoseconds: number): number =>
      isEmpty ? 0 : Math.max(0, nanoseconds / 1e9 - resolutionMs / 1000);
    yield gauge('nodejs_eventloop_lag_mean_seconds', 'Mean delay of the event loop.', seconds(delays.mean));
    yield gauge(
      'nodejs_eventloop_lag_p99_seconds',
      '99th percentile of the delay of the event loop.',
      seconds(delays.percentile(99)),
    );
    yield gauge('nodejs_eventloop_lag_max_seconds', 'Maximum delay of the event loop.', seconds(delays.max));
    delays.reset();
  }
}

const startedAtSeconds = Math.round(Date.now() / 1000 - process.uptime());

/** Linux 6.2 and later report the number as the size of a folder. Reading the folder would be slow with many files. */
function countOpenFiles(): number | undefined {
  try {
    return statSync('/proc/self/fd').size || undefined;
  } catch {
    return undefined;
  }
}

/** The metric of dropped log lines. */
export function droppedLogLines(lines: number): Metric<unknown> {
  const help = 'Log lines dropped because standard output was not read fast enough.';
  return counter('soketify_log_lines_dropped_total', help, lines);
}

/** The metric with the version of the server and of Node.js. Its value is always 1. */
export function buildInfo(): Metric<unknown> {
  const info = new Series<unknown>('gauge', {
    name: 'soketify_build_info',
    help: 'Always 1. The labels are the versions of the server and of Node.js.',
    labels: ['version', 'node'],
    domain: () => [],
  });
  info.add(1, readVersion(), process.version);
  return info;
}

/** The version in package.json. Its relative path differs between the sources and the built program. */
export function readVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const { version }: { version: string } = JSON.parse(
        readFileSync(new URL(path, import.meta.url), 'utf8'),
      );
      return version;
    } catch {
      // The other path is the right one.
    }
  }
  return 'unknown';
}

function counter(name: string, help: string, value: number): Metric<unknown> {
  return single('counter', { name, help, labels: [], domain: () => [] }, value);
}

function gauge(name: string, help: string, value: number): Metric<unknown> {
  return single('gauge', { name, help, labels: [], domain: () => [] }, value);
}

function single(
  type: 'counter' | 'gauge',
  description: SeriesDescription<unknown>,
  value: number,
): Metric<unknown> {
  const series = new Series<unknown>(type, description);
  series.add(value);
  return series;
}
