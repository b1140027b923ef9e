import { readFileSync, statSync } from 'node:fs';
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { Series, type Description, type Metric } from './series.ts';

/** How finely delays of the event loop are told apart. Each is a wake-up of the process. */
const resolutionMs = 50;

/**
 * What the process costs, read when somebody asks. Only the delay of the event loop has to be watched all the time:
 * from the first question on, and each answer tells of the time since the one before.
 */
export class ProcessMetrics {
  #delays: IntervalHistogram | undefined;

  /** `threads` are the heaps of other threads. */
  *read(
    threads: readonly { readonly heapTotal: number; readonly heapUsed: number }[] = [],
  ): Generator<Metric<unknown>, void> {
    const cpu = process.cpuUsage();
    const memory = process.memoryUsage();
    for (const { heapTotal, heapUsed } of threads) {
      memory.heapTotal += heapTotal;
      memory.heapUsed += heapUsed;
    }
    yield counter('process_cpu_user_seconds_total', 'CPU time in the program.', cpu.user / 1e6);
    yield counter('process_cpu_system_seconds_total', 'CPU time in the kernel for it.', cpu.system / 1e6);
    yield counter('process_cpu_seconds_total', 'Both together.', (cpu.user + cpu.system) / 1e6);
    yield gauge('process_resident_memory_bytes', 'Memory that the process has.', memory.rss);
    yield gauge('nodejs_heap_size_total_bytes', "JavaScript's heap.", memory.heapTotal);
    yield gauge('nodejs_heap_size_used_bytes', 'What of it is in use.', memory.heapUsed);
    yield gauge('nodejs_external_memory_bytes', 'Memory of buffers and the like.', memory.external);
    yield gauge('process_start_time_seconds', 'When the process began.', startedAtSeconds);
    const files = countOpenFiles();
    if (files !== undefined) yield gauge('process_open_fds', 'Open files; each connection is one.', files);
    yield* this.#readDelays();
  }

  *#readDelays(): Generator<Metric<unknown>, void> {
    if (this.#delays === undefined) {
      this.#delays = monitorEventLoopDelay({ resolution: resolutionMs });
      this.#delays.enable();
    }
    const delays = this.#delays;
    const isEmpty = delays.count === 0;
    // What is measured is the time between two looks, which is the resolution when nothing delays it.
    const seconds = (nanoseconds: number): number =>
      isEmpty ? 0 : Math.max(0, nanoseconds / 1e9 - resolutionMs / 1000);
    yield gauge('nodejs_eventloop_lag_mean_seconds', 'Delay of the event loop, mean.', seconds(delays.mean));
    yield gauge(
      'nodejs_eventloop_lag_p99_seconds',
      'Delay of the event loop, of which 1 in 100 is longer.',
      seconds(delays.percentile(99)),
    );
    yield gauge('nodejs_eventloop_lag_max_seconds', 'Delay of the event loop, longest.', seconds(delays.max));
    delays.reset();
  }
}

const startedAtSeconds = Math.round(Date.now() / 1000 - process.uptime());

/** Linux tells the number as the size of a folder since 6.2; to read the folder would take long with many. */
function countOpenFiles(): number | undefined {
  try {
    return statSync('/proc/self/fd').size || undefined;
  } catch {
    return undefined;
  }
}

/** What the log lost because nobody read it. */
export function droppedLogLines(lines: number): Metric<unknown> {
  const help = 'Lines of the log that were dropped because nobody read standard output.';
  return counter('soketify_log_lines_dropped_total', help, lines);
}

/** What runs: always 1. */
export function buildInfo(): Metric<unknown> {
  const info = new Series<unknown>('gauge', {
    name: 'soketify_build_info',
    help: 'Always 1; the labels say what runs.',
    labels: ['version', 'node'],
    domain: () => [],
  });
  info.add(1, readVersion(), process.version);
  return info;
}

/** The version of the program, from the package's own file, which is at another distance from the sources than from what is built of them. */
export function readVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const { version }: { version: string } = JSON.parse(
        readFileSync(new URL(path, import.meta.url), 'utf8'),
      );
      return version;
    } catch {
      // It is the other one.
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
  description: Description<unknown>,
  value: number,
): Metric<unknown> {
  const series = new Series<unknown>(type, description);
  series.add(value);
  return series;
}
