import type { Cluster, Redis } from 'ioredis';
import type { Clock, Millis } from '../../../ports/clock.ts';
import { isShared, loadScripts, type ScriptName } from '../scripts.ts';
import { toReply, type Reply } from './replies.ts';
import { SharedCalls } from './shared-calls.ts';
import { writeTogether } from './write-together.ts';
import { Topics } from '../fanout/topics.ts';

/** Runs one of the scripts. Rejects if Redis cannot be reached, or refuses. */
export type RunScript = (
  name: ScriptName,
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<Reply>;

/**
 * How many characters of messages on topics may always wait for Redis, which may be frozen until its silence is noticed. If the largest
 * messages are longer, this many of them may wait. A Redis that answers is never so far behind.
 */
const minUnanswered = 64 * 1024 * 1024;
const unansweredMessages = 8;

/** The connections of a node to Redis, to any number of servers. */
export interface RedisClients {
  /** For commands. It resends nothing and queues nothing, so a failed command is known to have failed. */
  readonly commands: Redis | Cluster;
  /** For topics. In a cluster it is the same client, which opens separate connections for them. */
  readonly subscriber: Redis | Cluster;
}

/** A node's connection to Redis: scripts, commands and topics. */
export class RedisLink {
  /** The subscriptions of this node. */
  readonly topics: Topics;
  readonly #commands: Redis | Cluster;
  readonly #subscriber: Redis | Cluster;
  readonly #scripts = loadScripts();
  readonly #sharedCalls: SharedCalls;
  #lastError: Error | undefined;
  readonly #maxUnanswered: number;
  /** How many characters of published messages Redis has not confirmed yet. */
  #unanswered = 0;

  /** `messageBytes` is the size of the largest published message. `onError` is called with each error of a connection. */
  constructor(
    { commands, subscriber }: RedisClients,
    {
      messageBytes = 0,
      onError = () => {},
    }: { readonly messageBytes?: number; readonly onError?: (error: Error) => void } = {},
  ) {
    this.#maxUnanswered = Math.max(minUnanswered, unansweredMessages * messageBytes);
    this.#commands = commands;
    this.#subscriber = subscriber;
    for (const client of new Set([commands, subscriber])) {
      client.on('error', (error: Error) => {
        this.#lastError = error;
        onError(error);
      });
      writeTogether(client);
    }
    this.topics = new Topics(subscriber);
    this.#sharedCalls = new SharedCalls(
      (name, keys, args) => this.#call(name, keys, args),
      commands.isCluster,
    );
    this.#loadScriptsOnEachConnection();
  }

  /** Whether Redis is a cluster. */
  get isCluster(): boolean {
    return this.#commands.isCluster;
  }

  /**
   * The client for commands that need no script. Throws while no server of a cluster can be reached: the client would queue the commands
   * without limit, and send them when they are useless.
   */
  get commands(): Redis | Cluster {
    const { isCluster, status } = this.#commands;
    if (isCluster && status !== 'ready') throw new Error('no server of the cluster can be reached');
    return this.#commands;
  }

  /** Resolves once Redis can be used. Rejects with the cause if that takes too long. */
  async ready(clock: Clock, withinMs: Millis): Promise<void> {
    const clients = new Set([this.#commands, this.#subscriber]);
    await Promise.all([...clients].map((client) => this.#whenReady(client, clock, withinMs)));
  }

  /** Calls `handle` for each new connection for commands, perhaps to another server. Useless in a cluster, which has many connections. */
  onReady(handle: () => void): void {
    this.#commands.on('ready', handle);
  }

  /** Runs a script, even if Redis has not seen it before. */
  readonly run: RunScript = async (name, keys, args) => {
    if (isShared(name)) return this.#sharedCalls.run(name, keys, args);
    return toReply([await this.#call(name, keys, args)].flat());
  };

  /**
   * Publishes a message on a topic. The message is lost if Redis cannot be reached, or if too many earlier messages are not confirmed yet.
   */
  publish(topic: string, message: string): void {
    if (this.#unanswered + message.length > this.#maxUnanswered) return;
    this.#unanswered += message.length;
    const settled = (): void => {
      this.#unanswered -= message.length;
    };
    this.#publish(topic, message).then(settled, settled);
  }

  /** See `Topics`. */
  subscribe(topic: string, handle: (message: string) => void): Promise<void> {
    return this.topics.subscribe(topic, handle);
  }

  unsubscribe(topic: string): Promise<void> {
    return this.topics.unsubscribe(topic);
  }

  /** Closes the connections immediately. */
  close(): void {
    this.#commands.disconnect();
    this.#subscriber.disconnect();
  }

  /**
   * Loads the scripts before anything else is sent. Otherwise the first calls of a script would each be refused and sent once
   * more. Another node might load the script in between, and then a later step would overtake an earlier one.
   */
  #loadScriptsOnEachConnection(): void {
    const load = (server: Redis | Cluster): void => {
      // A script that cannot be loaded is sent with its first call.
      for (const { text } of this.#scripts.values()) server.script('LOAD', text).catch(() => {});
    };
    const commands = this.#commands;
    // The client of a cluster connects to a server with the first command for it. A replica may be promoted, so it gets them too.
    if (commands.isCluster) commands.on('+node', load);
    else commands.on('ready', () => load(commands));
  }

  async #call(...[name, keys, args]: Parameters<RunScript>): Promise<unknown> {
    const script = this.#scripts.get(name);
    if (script === undefined) throw new Error(`there is no script ${name}`);
    try {
      return await this.commands.evalsha(script.digest, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return await this.commands.eval(script.text, keys.length, ...keys, ...args);
    }
  }

  async #whenReady(client: Redis | Cluster, clock: Clock, withinMs: Millis): Promise<void> {
    if (client.status === 'ready') return;
    await new Promise<void>((resolve, reject) => {
      const cancel = clock.after(withinMs, () => reject(this.#lastError ?? new Error('no answer')));
      client.once('ready', () => {
        cancel();
        resolve();
      });
    });
  }

  async #publish(topic: string, message: string): Promise<void> {
    await this.commands.spublish(topic, message);
  }
}
