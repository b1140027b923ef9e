import type { Millis } from '../../../ports/clock.ts';
import type { ChannelScripts } from './channel-scripts.ts';
import type { CountedConnections } from './connections.ts';
import type { PartitionKeys } from '../keys.ts';
import { describeFailure } from '../link/health-log.ts';
import type { RedisLedgerOptions } from '../link/surroundings.ts';
import type { PartitionUsers } from './users.ts';

/** What a dead epoch held is released in portions. */
const portion = 100;

export interface DeadEpochsOptions extends Pick<RedisLedgerOptions, 'link' | 'pace' | 'log' | 'clock'> {
  readonly keys: PartitionKeys;
  readonly scripts: ChannelScripts;
  readonly users: PartitionUsers;
  readonly connections: CountedConnections;
  /** Forgets an epoch of which nothing is left. */
  readonly bury: (epoch: string) => Promise<unknown>;
  /** At this moment something is to be reported as gone. */
  readonly due: (at: Millis) => void;
}

/** Releases what epochs of a partition held that are no more. */
export class DeadEpochs {
  readonly #options: DeadEpochsOptions;

  constructor(options: DeadEpochsOptions) {
    this.#options = options;
  }

  /** Releases all that an epoch held, which may linger for so long. What fails is left to others, after a lease. */
  async release(epoch: string, lingersMs: Millis): Promise<void> {
    const { link, pace, keys, bury, log } = this.#options;
    try {
      for (;;) {
        const subjects = await link.commands.srandmember(keys.held(epoch), portion);
        const released = await pace.each(subjects, (subject) => this.#releaseOne(epoch, subject, lingersMs));
        if (released.length === 0 || released.includes(false)) break;
      }
      await bury(epoch);
    } catch (error) {
      log.debug({ error: describeFailure(error), epoch }, 'could not release what a dead node held');
    }
  }

  async #releaseOne(epoch: string, subject: string, lingersMs: Millis): Promise<boolean> {
    const { scripts, users, connections, due, clock } = this.#options;
    const [kind, rest] = splitFirst(subject);
    const [appId, name] = splitFirst(rest);
    if (kind === 'c') {
      due(clock.now() + Math.ceil(lingersMs));
      return scripts.release(epoch, { appId, name, lingersMs });
    }
    if (kind === 'u') return users.release(epoch, appId, name);
    return connections.releaseEpoch(epoch, appId);
  }
}

/** What stands before the first line break, and after it. */
export function splitFirst(text: string): readonly [string, string] {
  const end = text.indexOf('\n');
  return end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 1)];
}
