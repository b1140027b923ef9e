import type { Millis } from '../../../ports/clock.ts';
import type { ChannelScripts } from './channel-scripts.ts';
import type { CountedConnections } from './connections.ts';
import type { PartitionKeys } from '../keys.ts';
import { describeFailure } from '../link/health-log.ts';
import type { RedisLedgerOptions } from '../link/surroundings.ts';
import type { PartitionUsers } from './users.ts';

/** How much of what a dead epoch held is released at a time. */
const portion = 100;

export interface DeadEpochsOptions extends Pick<RedisLedgerOptions, 'link' | 'pace' | 'log' | 'clock'> {
  readonly keys: PartitionKeys;
  readonly scripts: ChannelScripts;
  readonly users: PartitionUsers;
  readonly connections: CountedConnections;
  /** Forgets an epoch of which nothing is left. */
  readonly removeEpoch: (epoch: string) => Promise<unknown>;
  /** A departure falls due at this moment. */
  readonly due: (at: Millis) => void;
}

/** Releases what dead epochs of a partition held. */
export class DeadEpochs {
  readonly #options: DeadEpochsOptions;

  constructor(options: DeadEpochsOptions) {
    this.#options = options;
  }

  /** Releases everything that an epoch held, with this grace period. If this fails, other nodes do it after a lease. */
  async release(epoch: string, graceMs: Millis): Promise<void> {
    const { link, pace, keys, removeEpoch, log } = this.#options;
    try {
      for (;;) {
        const subjects = await link.commands.srandmember(keys.held(epoch), portion);
        const released = await pace.each(subjects, (subject) => this.#releaseOne(epoch, subject, graceMs));
        if (released.length === 0 || released.includes(false)) break;
      }
      await removeEpoch(epoch);
    } catch (error) {
      log.debug({ error: describeFailure(error), epoch }, 'could not release what a dead node held');
    }
  }

  async #releaseOne(epoch: string, subject: string, graceMs: Millis): Promise<boolean> {
    const { scripts, users, connections, due, clock } = this.#options;
    const [kind, rest] = splitFirst(subject);
    const [appId, name] = splitFirst(rest);
    if (kind === 'c') {
      due(clock.now() + Math.ceil(graceMs));
      return scripts.release(epoch, { appId, name, graceMs });
    }
    if (kind === 'u') return users.release(epoch, appId, name);
    return connections.releaseEpoch(epoch, appId);
  }
}

/** Splits a text at the first line break. */
export function splitFirst(text: string): readonly [string, string] {
  const end = text.indexOf('\n');
  return end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 1)];
}
