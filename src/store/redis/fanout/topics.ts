import type { Cluster, Redis } from 'ioredis';

/**
 * After a lost connection, each command subscribes to this many topics, and this many commands wait for answers at a time. A single
 * answer for 100,000 topics would exceed the output buffer that Redis has for a subscriber.
 */
const topicsPerCommand = 500;
const concurrentCommands = 4;

/** A topic whose subscription is not confirmed yet. */
interface PendingTopic {
  readonly subscribed: Promise<void>;
  readonly settle: () => void;
  /** Redis has refused the subscription, or was unreachable. */
  hasFailed: boolean;
}

/**
 * This node's subscriptions on Redis. All topics with the same hash tag are on one connection, so they are lost together, and are
 * subscribed to again on the next connection.
 */
export class Topics {
  readonly #subscriber: Redis | Cluster;
  readonly #handlers = new Map<string, (message: string) => void>();
  /** The topics that this node wants, by hash tag. */
  readonly #wanted = new Map<string, Set<string>>();
  readonly #pending = new Map<string, PendingTopic>();
  #handleOther: (message: string) => void = () => {};
  /** The number of the connection. A subscription on one connection is void on the next. */
  #connectionNumber = 0;
  /** The number of the connection that was given up last. */
  #givenUpNumber = -1;
  #isRestored = true;

  constructor(subscriber: Redis | Cluster) {
    this.#subscriber = subscriber;
    subscriber.on('smessage', (topic: string, message: string) => {
      const handle = this.#handlers.get(topic) ?? this.#handleOther;
      handle(message);
    });
    subscriber.on('close', () => (this.#connectionNumber += 1));
    subscriber.on('ready', () => {
      // The client of a cluster subscribes again by itself, except to topics that were refused.
      if (subscriber.isCluster) this.retryRefused();
      else void this.#restore();
    });
  }

  /** Whether all topics are subscribed to, as far as is known. In a cluster, only missing messages show a loss. */
  get areSubscribed(): boolean {
    return this.#subscriber.status === 'ready' && this.#isRestored;
  }

  /** Subscribes to a topic with a handler, and again after a lost connection. Rejects if Redis refuses. */
  async subscribe(topic: string, handle: (message: string) => void): Promise<void> {
    this.#handlers.set(topic, handle);
    this.#groupOf(topic).add(topic);
    await this.#subscriber.ssubscribe(topic);
  }

  async unsubscribe(topic: string): Promise<void> {
    this.#handlers.delete(topic);
    this.#forget(topic);
    await this.#subscriber.sunsubscribe(topic);
  }

  /** Sets the handler for messages on topics without a handler of their own. */
  handleOthers(handle: (message: string) => void): void {
    this.#handleOther = handle;
  }

  /** Subscribes to a topic. Undefined if that is done already; otherwise the promise resolves once it is, perhaps on a later connection. */
  listen(topic: string): Promise<void> | undefined {
    const known = this.#pending.get(topic);
    if (known !== undefined) return known.subscribed;
    const group = this.#groupOf(topic);
    if (group.has(topic)) return undefined;
    group.add(topic);
    const pending = newPendingTopic();
    this.#pending.set(topic, pending);
    if (this.#subscriber.status === 'ready') void this.#subscribe([topic]);
    return pending.subscribed;
  }

  /** Unsubscribes from these topics. */
  unlisten(topics: readonly string[]): void {
    const { status, isCluster } = this.#subscriber;
    for (const topic of topics) this.#forget(topic);
    // Without a name the command would unsubscribe from all topics.
    if (status !== 'ready' || topics.length === 0) return;
    for (const group of isCluster ? groupByTag(topics) : [topics]) {
      this.#subscriber.sunsubscribe(...group).catch(() => {});
    }
  }

  /** Subscribes again to topics that were refused. Must be called from time to time. */
  retryRefused(): void {
    if (this.#subscriber.status !== 'ready') return;
    for (const [topic, pending] of this.#pending) {
      if (!pending.hasFailed && !this.#subscriber.isCluster) continue;
      pending.hasFailed = false;
      // The client of a cluster keeps a list of its subscriptions, and adds the topic to it each time.
      if (this.#subscriber.isCluster) this.#subscriber.sunsubscribe(topic).catch(() => {});
      void this.#subscribe([topic]);
    }
  }

  /**
   * Renews a connection on which messages for this topic are missing although Redis answers. No command waits on that connection, so the
   * client does not notice its silence. In a cluster, all topics of the connection are subscribed to again instead.
   */
  renew(topic: string): void {
    const subscriber = this.#subscriber;
    if (subscriber.status !== 'ready') return;
    if (!subscriber.isCluster) {
      // Its other topics are missing messages too.
      if (this.#givenUpNumber !== this.#connectionNumber) subscriber.disconnect(true);
      this.#givenUpNumber = this.#connectionNumber;
      return;
    }
    const topics = [...this.#groupOf(topic)];
    // If even this gets no answer, the client gives the connection up.
    subscriber.sunsubscribe(...topics).catch(() => {});
    void this.#subscribe(topics);
  }

  /** Subscribes to everything on a new connection. */
  async #restore(): Promise<void> {
    const number = this.#connectionNumber;
    this.#isRestored = false;
    const commands = this.#commands();
    const sendCommands = async (): Promise<boolean> => {
      for (const topics of commands)
        if (number !== this.#connectionNumber || !(await this.#subscribe(topics))) return false;
      return true;
    };
    const results = await Promise.all(Array.from({ length: concurrentCommands }, sendCommands));
    if (number === this.#connectionNumber) this.#isRestored = results.every(Boolean);
  }

  /** Yields portions of the wanted topics, as they are at that moment. */
  *#commands(): Generator<readonly string[], void> {
    let topics: string[] = [];
    for (const group of this.#wanted.values()) {
      for (const topic of group) {
        topics.push(topic);
        if (topics.length < topicsPerCommand) continue;
        yield topics;
        topics = [];
      }
    }
    if (topics.length > 0) yield topics;
  }

  async #subscribe(topics: readonly string[]): Promise<boolean> {
    const waiting = topics.map((topic) => this.#pending.get(topic));
    try {
      await this.#subscriber.ssubscribe(...topics);
    } catch {
      for (const pending of waiting) if (pending !== undefined) pending.hasFailed = true;
      return false;
    }
    for (const [index, topic] of topics.entries()) {
      const pending = waiting[index];
      if (pending === undefined || this.#pending.get(topic) !== pending) continue;
      this.#pending.delete(topic);
      pending.settle();
    }
    return true;
  }

  #groupOf(topic: string): Set<string> {
    const tag = tagOf(topic);
    let group = this.#wanted.get(tag);
    if (group === undefined) {
      group = new Set();
      this.#wanted.set(tag, group);
    }
    return group;
  }

  #forget(topic: string): void {
    this.#groupOf(topic).delete(topic);
    this.#pending.get(topic)?.settle();
    this.#pending.delete(topic);
  }
}

/** The hash tag of a topic. It decides on which server of a cluster the topic is. */
function tagOf(topic: string): string {
  return topic.slice(topic.indexOf('{') + 1, topic.indexOf('}'));
}

function groupByTag(topics: readonly string[]): Iterable<readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const topic of topics) {
    const tag = tagOf(topic);
    const group = groups.get(tag);
    if (group === undefined) groups.set(tag, [topic]);
    else group.push(topic);
  }
  return groups.values();
}

function newPendingTopic(): PendingTopic {
  let settle = (): void => {};
  const subscribed = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { subscribed, settle, hasFailed: false };
}
