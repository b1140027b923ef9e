import { setTimeout as pause } from 'node:timers/promises';
import { callApi } from '../api.ts';
import type { Disturbances } from '../disturbances.ts';
import type { Journal } from '../journal.ts';
import type { Random } from '../random.ts';
import { failures, type Receiver } from '../receiver.ts';
import type { MortalNode } from './mortal-node.ts';
import type { SmallDisk } from './small-disk.ts';
import type { Writing } from './writing.ts';

/** What goes wrong beside the kills, in turns. */
export interface TroublesOptions {
  readonly random: Random;
  readonly receivers: readonly Receiver[];
  readonly disk: SmallDisk;
  readonly node: MortalNode;
  readonly writing: Writing;
  readonly disturbances: Disturbances;
  readonly journal: Journal;
}

/** The disk is filled up so often at most: each time the store grows, because only new room can be missing. */
const fillsAtMost = 12;
/** Data that needs room of its own in the store. */
const bulky = 'x'.repeat(9000);
/** So many events need more room than the store has to spare, and much more. */
const bulkyAtMost = 300;

/** Endpoints fail and recover, and the disk is full for a while, as its source of chance has it. */
export class Troubles {
  readonly #options: TroublesOptions;
  #isStopping = false;
  #fills = 0;
  #bulky = 0;

  constructor(options: TroublesOptions) {
    this.#options = options;
  }

  /** Goes on until stopped; then nothing is wrong any more. */
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

  async #repeat(random: Random, least: number, most: number, bringAbout: (random: Random) => Promise<void>) {
    while (!this.#isStopping) {
      await this.#pause(random.between(least, most));
      if (!this.#isStopping) await bringAbout(random);
    }
  }

  /** Half of the time it is the last endpoint. */
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

  /** The disk is full, or takes nothing by a limit on the process, which is the same to the program. */
  async #failDisk(random: Random): Promise<void> {
    const { disk, node, journal } = this.#options;
    const isFilled = random.next() < 0.4 && this.#fills < fillsAtMost && disk.fill();
    const lastsMs = random.between(200, 2500);
    const { pid } = node;
    try {
      if (isFilled) {
        this.#fills += 1;
        journal.count('fault: disk full');
        await this.#needRoom(lastsMs);
      } else if (pid !== undefined && disk.refuse(pid)) {
        journal.count('fault: disk refuses');
        await this.#pause(lastsMs);
      }
    } finally {
      disk.free(node.pid);
    }
  }

  /** Publishes what needs room until there is none, and has it be so for a while. */
  async #needRoom(lastsMs: number): Promise<void> {
    const { node, writing } = this.#options;
    const end = Date.now() + lastsMs;
    for (let count = 0; count < bulkyAtMost && !writing.isFailing && Date.now() < end; count += 1) {
      const [live] = node.live;
      this.#bulky += 1;
      const event = { name: 'bulk', channels: [`cache-bulk-${this.#bulky}`], data: bulky };
      // The node may be killed at any moment, and nobody subscribes to this channel.
      if (live !== undefined) await callApi(live, '/events', JSON.stringify(event)).catch(() => pause(20));
      else await pause(20);
    }
    await this.#pause(Math.max(0, end - Date.now()));
  }

  async #pause(lastsMs: number): Promise<void> {
    const end = Date.now() + lastsMs;
    while (!this.#isStopping && Date.now() < end) await pause(Math.min(50, Math.max(1, end - Date.now())));
  }
}
