import type { ChildProcess } from 'node:child_process';
import { mkdirSync, watch, type FSWatcher } from 'node:fs';
import { isRunning, killChild } from '../children.ts';
import { NodeProcess } from '../node-process.ts';
import type { EndpointSetting } from '../settings.ts';
import type { Moments } from './moments.ts';
import type { Timing } from './timing.ts';

export interface MortalNodeOptions {
  /** Where the configuration of each run is written. */
  readonly folder: string;
  readonly storePath: string;
  readonly endpoints: readonly EndpointSetting[];
  readonly timing: Timing;
  /** Worker threads. */
  readonly workers: number;
  readonly moments: Moments;
  /** Called when a run that had started ends without having been killed. */
  readonly onCrash: (how: string) => void;
  /** Called with each line of each run's log. */
  readonly onLine: (run: string, line: string) => void;
}

/** For how many runs the log is kept. */
const keptRuns = 6;

/** One node with a store on disk, through many runs. */
export class MortalNode {
  /** How long each start took until the node listened. */
  readonly readyMs: number[] = [];
  starts = 0;
  readonly #options: MortalNodeOptions;
  readonly #watcher: FSWatcher;
  readonly #runs: NodeProcess[] = [];
  #child: ChildProcess | undefined;
  #closed: Promise<void> = Promise.resolve();
  #current: NodeProcess | undefined;
  #isStopping = false;

  constructor(options: MortalNodeOptions) {
    this.#options = options;
    mkdirSync(options.storePath, { recursive: true, mode: 0o700 });
    this.#watcher = watch(options.storePath, (_, file) => {
      if (file === 'opening') options.moments.notify('opening');
    });
  }

  /** The node, while it runs and listens. */
  get live(): readonly NodeProcess[] {
    return this.#current?.isRunning === true ? [this.#current] : [];
  }

  /** The name of the latest run. */
  get name(): string {
    return `run-${this.starts}`;
  }

  get pid(): number | undefined {
    return this.#child !== undefined && isRunning(this.#child) ? this.#child.pid : undefined;
  }

  /** The last runs, including the present one. */
  get runs(): readonly NodeProcess[] {
    return this.#runs;
  }

  /** Starts another run. Rejects when the process exits before it listens, even if it was killed. */
  async start(): Promise<void> {
    const { folder, storePath, endpoints, timing, workers, moments, onLine } = this.#options;
    this.starts += 1;
    const { name } = this;
    const startedAt = performance.now();
    const node = await NodeProcess.start({
      name,
      folder,
      endpoints,
      redisUrl: undefined,
      workers,
      store: { path: storePath, ...timing },
      onChild: (child) => {
        this.#child = child;
        this.#closed = new Promise((resolve) => child.once('close', () => resolve()));
        moments.notify('start');
      },
      onLine: (line) => {
        if (line.includes('"msg":"listening"')) {
          this.readyMs.push(performance.now() - startedAt);
          moments.notify('listening');
        }
        onLine(name, line);
      },
    });
    this.#current = node;
    this.#watchEnd(node);
    this.#runs.push(node);
    if (this.#runs.length > keptRuns) this.#runs.shift();
  }

  /** Kills the process immediately, if there is one. */
  kill(): void {
    if (this.#child !== undefined && isRunning(this.#child)) this.#child.kill('SIGKILL');
  }

  /** Resolves once the process has exited and its whole log was read. */
  async gone(): Promise<void> {
    if (this.#child !== undefined) await killChild(this.#child);
    await this.#closed;
    this.#current = undefined;
  }

  async stop(): Promise<string | undefined> {
    this.#isStopping = true;
    this.#watcher.close();
    return this.#current?.isRunning === true ? this.#current.terminate() : undefined;
  }

  #watchEnd(node: NodeProcess): void {
    const child = this.#child;
    const report = (): void => {
      if (this.#isStopping || child?.signalCode === 'SIGKILL') return;
      const how = `${node.name} exited unexpectedly with ${child?.exitCode ?? child?.signalCode}`;
      this.#options.onCrash(`${how}; its last log lines:\n${node.lines.slice(-15).join('\n')}`);
    };
    if (child === undefined || !isRunning(child)) report();
    else child.once('close', report);
  }
}
