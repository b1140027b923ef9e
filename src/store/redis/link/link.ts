import type { Cluster, Redis } from 'ioredis';
import type { Clock, Millis } from '../../../ports/clock.ts';
import { loadScripts, type ScriptName } from '../scripts.ts';
import { toReply, type Reply } from './replies.ts';
import { Topics } from '../fanout/topics.ts';

/** Runs one of our scripts. Rejects when Redis cannot be reached, or refuses. */
export type RunScript = (
  name: ScriptName,
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<Reply>;

/**
 * Of messages on topics so many characters may always wait for Redis, which may be frozen until its silence is noticed. A
 * Redis that answers is never so far behind, nor by so many of the largest messages.
 */
const leastUnanswered = 64 * 1024 * 1024;
const messagesUnanswered = 8;

/** The connections of a node to Redis, however many servers that is. */
export interface RedisClients {
  /** For commands. It resends nothing and queues nothing: what fails is known to have failed. */
  readonly commands: Redis | Cluster;
  /** For topics. In a cluster the same client, which keeps connections of its own for them. */
  readonly subscriber: Redis | Cluster;
}

/** What a node and Redis say to each other. */
export class RedisLink {
  /** What the node hears. */
  readonly topics: Topics;
  readonly #commands: Redis | Cluster;
  readonly #subscriber: Redis | Cluster;
  readonly #scripts = loadScripts();
  #lastError: Error | undefined;
  readonly #mostUnanswered: number;
  /** The characters of messages that were sent, and of which Redis has said nothing yet. */
  #unanswered = 0;

  /** `messageBytes` of the largest message that is published; `told` hears of each connection that fails. */
  constructor(
    { commands, subscriber }: RedisClients,
    {
      messageBytes = 0,
      told = () => {},
    }: { readonly messageBytes?: number; readonly told?: (error: Error) => void } = {},
  ) {
    this.#mostUnanswered = Math.max(leastUnanswered, messagesUnanswered * messageBytes);
    this.#commands = commands;
    this.#subscriber = subscriber;
    for (const client of new Set([commands, subscriber])) {
      client.on('error', (error: Error) => {
        this.#lastError = error;
        told(error);
      });
    }
    this.topics = new Topics(subscriber);
    this.#loadScriptsOnEachConnection();
  }

  /** Whether Redis is a cluster. */
  get isCluster(): boolean {
    return this.#commands.isCluster;
  }

  /**
   * For commands that need no script. Throws while no server of a cluster can be reached: its client would keep
   * them without bound, and send them when they are of no use any more.
   */
  get commands(): Redis | Cluster {
    const { isCluster, status } = this.#commands;
    if (isCluster && status !== 'ready') throw new Error('no server of the cluster can be reached');
    return this.#commands;
  }

  /** Resolves once Redis can be spoken to. Rejects, with the cause, when it cannot in time. */
  async ready(clock: Clock, withinMs: Millis): Promise<void> {
    const clients = new Set([this.#commands, this.#subscriber]);
    await Promise.all([...clients].map((client) => this.#whenReady(client, clock, withinMs)));
  }

  /** Each time that commands go over another connection, perhaps to another server. A cluster has many, and says nothing. */
  onReady(handle: () => void): void {
    this.#commands.on('ready', handle);
  }

  /** Runs a script; Redis need not have seen it before. */
  readonly run: RunScript = async (name, keys, args) => {
    const script = this.#scripts.get(name);
    if (script === undefined) throw new Error(`there is no script ${name}`);
    try {
      return toReply([await this.commands.evalsha(script.digest, keys.length, ...keys, ...args)].flat());
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return toReply([await this.commands.eval(script.text, keys.length, ...keys, ...args)].flat());
    }
  };

  /**
   * Sends a message to whoever has subscribed to the topic. It is lost if Redis cannot be reached, or has not taken
   * too much of what was sent before.
   */
  publish(topic: string, message: string): void {
    if (this.#unanswered + message.length > this.#mostUnanswered) return;
    this.#unanswered += message.length;
    const answered = (): void => {
      this.#unanswered -= message.length;
    };
    this.#publish(topic, message).then(answered, answered);
  }

  /** See `Topics`. */
  subscribe(topic: string, handle: (message: string) => void): Promise<void> {
    return this.topics.subscribe(topic, handle);
  }

  unsubscribe(topic: string): Promise<void> {
    return this.topics.unsubscribe(topic);
  }

  /** Ends the connections at once. */
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
    // The client of a cluster connects to a server with the first command for it.
    if (commands.isCluster) commands.on('+node', load);
    else commands.on('ready', () => load(commands));
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
