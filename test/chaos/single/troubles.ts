import { setTimeout as pause } from 'node:timers/promises';
import type { Disturbances } from '../disturbances.ts';
import type { Journal } from '../journal.ts';
import type { Random } from '../random.ts';
import { failures, type Receiver } from '../receiver.ts';
import type { MortalNode } from './mortal-node.ts';
import type { SmallDisk } from './small-disk.ts';

/** The faults besides the kills. */
export interface TroublesOptions {
  readonly random: Random;
  readonly receivers: readonly Receiver[];
  readonly disk: SmallDisk;
  readonly node: MortalNode;
  /** Whether writes may be made to fail by a resource limit where no small disk can be mounted. */
  readonly mayLimit: boolean;
  readonly disturbances: Disturbances;
  readonly journal: Journal;
}

/** Makes endpoints fail and recover, and fills the disk for a while, at random. */
export class Troubles {
  readonly #options: TroublesOptions;
  #isStopping = false;

  constructor(options: TroublesOptions) {
    this.#options = options;
  }

  /** Runs until stopped, and then ends all faults. */
  async run(): Promise<void> {
    this.#isStopping = false;
    const { random } = this.#options;
    await Promise.all([
      this.#repeat(random.fork(), 300, 1500, (draw) => this.#failEndpoint(draw)),
      this.#repeat(random.fork(), 1500, 9000, (draw) => this.#failDisk(draw)),
    ]);
  }

  stop(): void {
    this.#isStopping = true;
  }

  async #repeat(random: Random, least: number, most: number, inject: (random: Random) => Promise<void>) {
    while (!this.#isStopping) {
      await this.#pause(random.between(least, most));
      if (!this.#isStopping) await inject(random);
    }
  }

  /** Chooses the last endpoint half of the time. */
  async #failEndpoint(random: Random): Promise<void> {
    const { receivers, disturbances, journal } = this.#options;
    const receiver = receivers[random.below(2 * receivers.length)] ?? receivers.at(-1);
    const failure = random.pick(failures);
    const lastsMs = random.between(100, 3500);
    if (receiver === undefined) return;
    const fault = disturbances.begin('endpoint', `${receiver.id} (${failure})`);
    journal.count('fault: endpoint');
    await receiver.fail(failure);
    await this.#pause(lastsMs);
    await receiver.recover();
    disturbances.end(fault);
  }

  /** Fills the disk, or makes writes fail by a resource limit. */
  async #failDisk(random: Random): Promise<void> {
    const { disk, node, journal, mayLimit } = this.#options;
    const lastsMs = random.between(200, 2500);
    const { pid } = node;
    try {
      if (disk.fill()) journal.count('fault: disk full');
      else if (mayLimit && pid !== undefined && disk.failWrites(pid))
        journal.count('fault: disk writes fail');
      else return;
      await this.#pause(lastsMs);
    } finally {
      disk.free(node.pid);
    }
  }

  async #pause(lastsMs: number): Promise<void> {
    const end = Date.now() + lastsMs;
    while (!this.#isStopping && Date.now() < end) await pause(Math.min(50, Math.max(1, end - Date.now())));
  }
}
