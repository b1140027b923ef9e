import { setTimeout as pause } from 'node:timers/promises';
import type { Journal } from '../journal.ts';
import type { Period } from '../truth.ts';
import { traitOf, type PlannedKill } from './kill-plan.ts';
import type { Moments } from './moments.ts';
import type { MortalNode } from './mortal-node.ts';
import type { SmallDisk } from './small-disk.ts';
import type { Writing } from './writing.ts';

export interface KillerOptions {
  readonly node: MortalNode;
  readonly disk: SmallDisk;
  readonly moments: Moments;
  readonly writing: Writing;
  readonly journal: Journal;
  /** A run ended with writes failing since some moment. */
  readonly onUnwritten: (period: Period, run: string) => void;
  /** A node listens again after it was killed right after it answered a cached publish. */
  readonly afterPublish: () => Promise<void>;
}

/** How long to wait for a moment. */
const momentPatienceMs = 1500;
const startPatienceMs = 30_000;

/** Starts the node and kills it, at the planned points. */
export class Killer {
  kills = 0;
  #hasAnswered = false;
  readonly #options: KillerOptions;

  constructor(options: KillerOptions) {
    this.#options = options;
  }

  /** Kills the node in its next run, or during its start. The node is down before and afterwards. */
  async kill({ point, upMs, afterMs, downMs }: PlannedKill): Promise<void> {
    const { node, moments, journal } = this.#options;
    const { moment, isOfStart } = traitOf(point);
    let strike = (): void => {};
    const struck = new Promise<void>((resolve) => {
      strike = () => {
        if (afterMs === 0) node.kill();
        else setTimeout(() => node.kill(), afterMs);
        setTimeout(resolve, afterMs);
      };
    });
    if (isOfStart === true) {
      if (moment !== undefined) moments.next(moment, strike);
      // The node was meant to exit before it listens.
      await node.start().catch(() => {});
    } else {
      await this.start();
      await pause(upMs);
      if (moment === undefined) strike();
      else moments.next(moment, strike);
    }
    const isInTime = await Promise.race([struck.then(() => true), pause(momentPatienceMs, false)]);
    moments.forget();
    if (!isInTime) journal.count('missed kill points');
    node.kill();
    this.#hasAnswered ||= isInTime && moment === 'published';
    this.kills += 1;
    journal.count(`kill: ${point}`);
    await this.end();
    await pause(downMs);
  }

  /** Starts the node, and retries while the disk is full. */
  async start(): Promise<void> {
    const { node, journal, disk } = this.#options;
    const giveUpAt = Date.now() + startPatienceMs;
    for (;;) {
      const startedAt = Date.now();
      try {
        await node.start();
        break;
      } catch (error) {
        await this.end();
        if (!disk.wasFullSince(startedAt)) throw error;
        journal.count('refused starts');
        if (Date.now() > giveUpAt) throw error;
        await pause(100);
      }
    }
    // Check now, before another event replaces the one that was answered.
    if (this.#hasAnswered) await this.#options.afterPublish();
    this.#hasAnswered = false;
  }

  /** Kills the process if it still runs. Its last log lines decide which events may be lost. */
  async end(): Promise<void> {
    const { node, writing, onUnwritten } = this.#options;
    await node.gone();
    const unwritten = writing.end();
    if (unwritten !== undefined) onUnwritten(unwritten, node.name);
  }
}
