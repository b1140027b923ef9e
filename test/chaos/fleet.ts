import { setTimeout as pause } from 'node:timers/promises';
import type { Journal } from './journal.ts';
import { NodeProcess } from './node-process.ts';
import type { EndpointSetting } from './settings.ts';

/** How long a node may take to start while Redis is disturbed. */
const startPatienceMs = 30_000;

interface FleetOptions {
  readonly size: number;
  readonly folder: string;
  readonly endpoints: readonly EndpointSetting[];
  readonly redisUrl: string | undefined;
  /** Worker threads of each node. Default: 1. */
  readonly workers?: number | undefined;
  readonly journal: Journal;
  readonly onLine: (node: string, line: string) => void;
}

/** The nodes. Each place holds one node, running or starting. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #places: (NodeProcess | undefined)[];
  readonly #busy = new Set<number>();
  readonly #ended: NodeProcess[] = [];
  /** Places that were closed. */
  readonly #closed = new Set<number>();
  #started = 0;
  #isStopping = false;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#places = Array.from({ length: options.size }, () => undefined);
  }

  /** Starts a node in every place. Rejects with the node's last log lines if one does not start. */
  async start(): Promise<void> {
    const starts = await Promise.allSettled(this.#places.map((_, place) => this.#startIn(place)));
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
  }

  /** The running nodes, including frozen ones, because clients cannot know which those are. */
  get live(): readonly NodeProcess[] {
    return this.#places.filter((node): node is NodeProcess => node?.isRunning === true);
  }

  get isComplete(): boolean {
    return this.live.length === this.places.length;
  }

  /** The running nodes, and the last of those that have exited. */
  get all(): readonly NodeProcess[] {
    return [...this.#ended.slice(-6), ...this.live];
  }

  get places(): readonly number[] {
    return [...this.#places.keys()].filter((place) => !this.#closed.has(place));
  }

  /** Acts on the node of a place, unless another action on it is under way. */
  async withPlace(place: number, use: (node: NodeProcess) => Promise<void>): Promise<boolean> {
    const node = this.#places[place];
    if (node === undefined || !node.isRunning || this.#busy.has(place)) return false;
    this.#busy.add(place);
    try {
      await use(node);
    } finally {
      this.#busy.delete(place);
    }
    return true;
  }

  /** Starts a new node in a place. While Redis is away, that may take several attempts. */
  async fill(place: number): Promise<void> {
    const { journal } = this.#options;
    const former = this.#places[place];
    if (former !== undefined) this.#ended.push(former);
    this.#places[place] = undefined;
    const giveUpAt = Date.now() + startPatienceMs;
    while (!this.#isStopping) {
      try {
        return await this.#startIn(place);
      } catch (error) {
        journal.count('failed starts');
        if (Date.now() > giveUpAt) {
          journal.problem(`No node could be started in place ${place + 1}: ${String(error)}`);
          return;
        }
        await pause(500);
      }
    }
  }

  /** Adds a node. The returned function shuts it down gracefully. */
  async add(): Promise<() => Promise<void>> {
    const place = this.#places.push(undefined) - 1;
    await this.fill(place);
    return async () => {
      // Another action on it, such as a restart, may be under way.
      while (this.#busy.has(place) && !this.#isStopping) await pause(50);
      this.#closed.add(place);
      const node = this.#places[place];
      this.#places[place] = undefined;
      if (node === undefined || !node.isRunning) return;
      this.#ended.push(node);
      const fault = await node.terminate();
      if (fault !== undefined) this.#options.journal.problem(fault);
    };
  }

  /** Shuts all nodes down gracefully. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(
      this.live.map(async (node) => {
        node.thaw();
        const fault = await node.terminate();
        if (fault !== undefined) this.#options.journal.problem(fault);
      }),
    );
  }

  async #startIn(place: number): Promise<void> {
    const { onLine, ...given } = this.#options;
    this.#started += 1;
    const name = `node-${place + 1}-start-${this.#started}`;
    const node = await NodeProcess.start({ ...given, name, onLine: (line) => onLine(name, line) });
    this.#places[place] = node;
    node.onCrash((how) => this.#replace(place, node, how));
  }

  #replace(place: number, node: NodeProcess, how: string): void {
    if (this.#places[place] !== node || this.#isStopping) return;
    this.#options.journal.problem(`${how}; its last log lines:\n${node.lines.slice(-15).join('\n')}`);
    void this.fill(place);
  }
}
