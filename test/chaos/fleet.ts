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
  /** Whether endpoints lose what they do not accept soon, and are reconciled. Default: false. */
  readonly reconcile?: boolean | undefined;
  readonly journal: Journal;
  readonly onLine: (node: string, line: string) => void;
}

/** The nodes. Each slot holds one node, which runs or starts. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #slots: (NodeProcess | undefined)[];
  readonly #busy = new Set<number>();
  readonly #ended: NodeProcess[] = [];
  /** Slots that were closed. */
  readonly #closed = new Set<number>();
  /** The endpoints in the configuration. */
  #endpoints: readonly EndpointSetting[];
  #started = 0;
  #isStopping = false;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#endpoints = options.endpoints;
    this.#slots = Array.from({ length: options.size }, () => undefined);
  }

  /** Starts a node in every slot. Rejects with the node's last log lines if one does not start. */
  async start(): Promise<void> {
    const starts = await Promise.allSettled(this.#slots.map((_, slot) => this.#startIn(slot)));
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
  }

  /** The running nodes, including frozen ones, because clients cannot know which those are. */
  get live(): readonly NodeProcess[] {
    return this.#slots.filter((node): node is NodeProcess => node?.isRunning === true);
  }

  get isComplete(): boolean {
    return this.live.length === this.slots.length;
  }

  /** The running nodes, and the last of those that have exited. */
  get all(): readonly NodeProcess[] {
    return [...this.#ended.slice(-6), ...this.live];
  }

  get slots(): readonly number[] {
    return [...this.#slots.keys()].filter((slot) => !this.#closed.has(slot));
  }

  /** Has all nodes use these endpoints: those that run, and those that start later. Waits until none is starting. */
  async reconfigure(endpoints: readonly EndpointSetting[]): Promise<void> {
    while (!this.isComplete && !this.#isStopping) await pause(20);
    this.#endpoints = endpoints;
    await Promise.all(this.live.map((node) => node.reconfigure(endpoints)));
  }

  /** Acts on the node of a slot, unless another action on it is under way. */
  async withSlot(slot: number, use: (node: NodeProcess) => Promise<void>): Promise<boolean> {
    const node = this.#slots[slot];
    if (node === undefined || !node.isRunning || this.#busy.has(slot)) return false;
    this.#busy.add(slot);
    try {
      await use(node);
    } finally {
      this.#busy.delete(slot);
    }
    return true;
  }

  /** Starts a new node in a slot. While Redis is away, that may take several attempts. */
  async fill(slot: number): Promise<void> {
    const { journal } = this.#options;
    const former = this.#slots[slot];
    if (former !== undefined) this.#ended.push(former);
    this.#slots[slot] = undefined;
    const giveUpAt = Date.now() + startPatienceMs;
    while (!this.#isStopping) {
      try {
        return await this.#startIn(slot);
      } catch (error) {
        journal.count('failed starts');
        if (Date.now() > giveUpAt) {
          journal.problem(`No node could be started in slot ${slot + 1}: ${String(error)}`);
          return;
        }
        await pause(500);
      }
    }
  }

  /** Adds a node. The returned function shuts it down gracefully. */
  async add(): Promise<() => Promise<void>> {
    const slot = this.#slots.push(undefined) - 1;
    await this.fill(slot);
    return async () => {
      // Another action on it, such as a restart, may be under way.
      while (this.#busy.has(slot) && !this.#isStopping) await pause(50);
      this.#closed.add(slot);
      const node = this.#slots[slot];
      this.#slots[slot] = undefined;
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

  async #startIn(slot: number): Promise<void> {
    const { onLine, ...given } = this.#options;
    this.#started += 1;
    const name = `node-${slot + 1}-start-${this.#started}`;
    const setting = { ...given, name, endpoints: this.#endpoints };
    const node = await NodeProcess.start({ ...setting, onLine: (line) => onLine(name, line) });
    this.#slots[slot] = node;
    node.onCrash((how) => this.#replace(slot, node, how));
  }

  #replace(slot: number, node: NodeProcess, how: string): void {
    if (this.#slots[slot] !== node || this.#isStopping) return;
    this.#options.journal.problem(`${how}; its last log lines:\n${node.lines.slice(-15).join('\n')}`);
    void this.fill(slot);
  }
}
