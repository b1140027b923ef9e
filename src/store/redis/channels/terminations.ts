import type { Clock, Millis } from '../../../ports/clock.ts';
import type { PartitionKeys } from '../keys.ts';
import type { RunScript } from '../link/link.ts';
import type { Reply } from '../link/replies.ts';
import type { Registration } from './registration.ts';
import type { RedisLedgerOptions } from '../link/surroundings.ts';

/**
 * How long a termination is remembered, for nodes that are frozen or cut off. This is longer than a client with default settings waits
 * for a silent node.
 */
const rememberForMs: Millis = 600_000;

/** A user whose connections were terminated. */
interface TerminatedUser {
  readonly appId: string;
  readonly userId: string;
  readonly at: Millis;
}

export interface TerminationsOptions {
  readonly run: RunScript;
  readonly clock: Clock;
  readonly keys: PartitionKeys;
  readonly registration: Pick<Registration, 'step'>;
  /** The first arguments of the scripts: the present moment and the topic. */
  readonly head: () => readonly string[];
  /** Ends connections of this node. */
  readonly terminate: RedisLedgerOptions['terminate'];
}

/** Terminates the connections of users of one partition, on all nodes. */
export class Terminations {
  readonly #options: TerminationsOptions;
  /** The users whom this node has terminated recently, the latest last. */
  readonly #terminated = new Map<string, TerminatedUser>();

  constructor(options: TerminationsOptions) {
    this.#options = options;
  }

  /** Resolves once Redis remembers it. Every node then receives it, or reads it when it comes back. Rejects otherwise. */
  async end(appId: string, userId: string): Promise<'done'> {
    const ended = { appId, userId, at: this.#options.clock.now() };
    if ((await this.#write(ended)) === undefined) throw new Error('Redis has not taken the termination');
    const key = `${appId}\n${userId}`;
    this.#terminated.delete(key);
    this.#terminated.set(key, ended);
    for (const [oldest, { at }] of this.#terminated) {
      if (at > ended.at - rememberForMs) break;
      this.#terminated.delete(oldest);
    }
    return 'done';
  }

  /** Writes the recent terminations again, because Redis may have lost them. */
  endAgain(): void {
    for (const ended of this.#terminated.values()) void this.#write(ended);
  }

  /** Applies recent terminations by other nodes that this node may have missed. Resolves with whether they could be read. */
  async read(): Promise<boolean> {
    const { run, keys, head, terminate } = this.#options;
    try {
      const ended = await run('read-ended', [keys.state, keys.ended], [...head(), rememberForMs]);
      for (let index = 0; index < ended.length; index += 2) {
        const subject = String(ended[index + 1]);
        const end = subject.indexOf('\n');
        terminate(subject.slice(0, end), subject.slice(end + 1), Number(ended[index]));
      }
      return true;
    } catch {
      return false;
    }
  }

  #write({ appId, userId, at }: TerminatedUser): Promise<Reply | undefined> {
    const { run, clock, keys, head, registration } = this.#options;
    return registration.step((epoch, number) => {
      const agoMs = Math.round(clock.now() - at);
      const args = [...head(), rememberForMs, agoMs, appId, userId, epoch, number];
      return run('terminate', [keys.state, keys.ended], args);
    });
  }
}
