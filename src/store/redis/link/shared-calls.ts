import type { SharedScriptName } from '../scripts.ts';
import { toReply, type Reply } from './replies.ts';

/** How many partitions share a call. Redis does nothing else during a call. */
const maxPartitions = 16;

/** Calls a script, and resolves with what it answers. */
export type CallScript = (
  name: SharedScriptName,
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>;

interface Request {
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs a script for several partitions with one call, if it is requested for them in the same turn of the event loop. A node does that for
 * all of its partitions, many times a minute. Partitions of a cluster may be on different servers, so there each has its own call.
 */
export class SharedCalls {
  readonly #call: CallScript;
  readonly #partitionsPerCall: number;
  readonly #waiting = new Map<SharedScriptName, Request[]>();

  constructor(call: CallScript, isCluster: boolean) {
    this.#call = call;
    this.#partitionsPerCall = isCluster ? 1 : maxPartitions;
  }

  /** Runs the script for a partition. Rejects if Redis cannot be reached, or if the script has failed for this partition. */
  run(name: SharedScriptName, keys: readonly string[], args: readonly (string | number)[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const request = { keys, args, resolve, reject };
      const waiting = this.#waiting.get(name);
      if (waiting === undefined) {
        this.#waiting.set(name, [request]);
        queueMicrotask(() => this.#send(name));
      } else waiting.push(request);
    });
  }

  #send(name: SharedScriptName): void {
    const waiting = this.#waiting.get(name) ?? [];
    this.#waiting.delete(name);
    for (let start = 0; start < waiting.length; start += this.#partitionsPerCall)
      void this.#callFor(name, waiting.slice(start, start + this.#partitionsPerCall));
  }

  async #callFor(name: SharedScriptName, requests: readonly Request[]): Promise<void> {
    const [first] = requests;
    if (first === undefined) return;
    try {
      const keys = requests.flatMap((one) => one.keys);
      const args = requests.flatMap((one) => one.args);
      const answers = await this.#call(name, keys, [first.keys.length, first.args.length, ...args]);
      if (!Array.isArray(answers)) throw new TypeError('a script did not answer with a list');
      for (const [index, { resolve, reject }] of requests.entries()) {
        const [isTaken, ...reply] = toReply(answers[index]);
        if (isTaken === 1) resolve(reply);
        else reject(new Error(String(reply[0])));
      }
    } catch (error) {
      for (const { reject } of requests) reject(error);
    }
  }
}
