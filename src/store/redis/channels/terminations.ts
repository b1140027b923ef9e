import type { Clock, Millis } from '../../../ports/clock.ts';
import type { PartitionKeys } from '../keys.ts';
import type { RunScript } from '../link/link.ts';
import type { RedisLedgerOptions } from '../link/surroundings.ts';

/**
 * So long a termination is remembered, for nodes that are frozen or cut off: longer than a client waits for a node that
 * says nothing, unless it is told otherwise.
 */
const endedForMs: Millis = 600_000;

/** A user who was sent away. */
interface Ended {
  readonly appId: string;
  readonly userId: string;
  readonly at: Millis;
}

export interface TerminationsOptions {
  readonly run: RunScript;
  readonly clock: Clock;
  readonly keys: PartitionKeys;
  /** What the scripts begin with: the present moment and the topic. */
  readonly head: () => readonly string[];
  /** Ends connections of this node. */
  readonly terminate: RedisLedgerOptions['terminate'];
}

/** The users of one partition whose connections are to be ended, on whichever node they are. */
export class Terminations {
  readonly #options: TerminationsOptions;
  /** Those whom this node has sent away of late, the latest last. */
  readonly #ended = new Map<string, Ended>();

  constructor(options: TerminationsOptions) {
    this.#options = options;
  }

  /** Resolves once Redis remembers it: every node hears of it, or finds it when it comes back. Rejects otherwise. */
  async end(appId: string, userId: string): Promise<'done'> {
    const ended = { appId, userId, at: this.#options.clock.now() };
    await this.#tell(ended);
    const key = `${appId}\n${userId}`;
    this.#ended.delete(key);
    this.#ended.set(key, ended);
    for (const [oldest, { at }] of this.#ended) {
      if (at > ended.at - endedForMs) break;
      this.#ended.delete(oldest);
    }
    return 'done';
  }

  /** Redis may have forgotten what it was told. */
  async endAgain(): Promise<void> {
    try {
      await Promise.all([...this.#ended.values()].map((ended) => this.#tell(ended)));
    } catch {
      // It is away again: what it has lost is found out when it is back.
    }
  }

  /** Does what other nodes have asked for of late and was not heard. Whether it could be read. */
  async read(): Promise<boolean> {
    const { run, keys, head, terminate } = this.#options;
    try {
      const ended = await run('read-ended', [keys.state, keys.ended], [...head(), endedForMs]);
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

  async #tell({ appId, userId, at }: Ended): Promise<void> {
    const { run, clock, keys, head } = this.#options;
    const agoMs = Math.round(clock.now() - at);
    await run('terminate', [keys.state, keys.ended], [...head(), endedForMs, agoMs, appId, userId]);
  }
}
