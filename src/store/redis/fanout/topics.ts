import type { Cluster, Redis } from 'ioredis';

/**
 * After a lost connection so many topics are asked for in a command, and so many commands wait for their answers: an answer
 * of all of 100,000 topics at once would be too much for the buffer that Redis has for a subscriber.
 */
const topicsInACommand = 500;
const commandsAtATime = 4;

/** A topic that is not heard yet. */
interface PendingTopic {
  readonly subscribed: Promise<void>;
  readonly settle: () => void;
  /** Redis has refused it, or was not there. */
  hasFailed: boolean;
}

/**
 * What this node hears from Redis. All topics with the same words in braces are on one connection, and are lost with it
 * together; they are asked for again on the next one.
 */
export class Topics {
  readonly #subscriber: Redis | Cluster;
  readonly #handlers = new Map<string, (message: string) => void>();
  /** Those that are to be heard, by the words in braces. */
  readonly #wanted = new Map<string, Set<string>>();
  readonly #pending = new Map<string, PendingTopic>();
  #receiveOther: (message: string) => void = () => {};
  /** Of connections: what was asked on one of them is of no use on the next. */
  #number = 0;
  /** The one that was given up last. */
  #givenUp = -1;
  #isRestored = true;

  constructor(subscriber: Redis | Cluster) {
    this.#subscriber = subscriber;
    subscriber.on('smessage', (topic: string, message: string) => {
      const handle = this.#handlers.get(topic) ?? this.#receiveOther;
      handle(message);
    });
    subscriber.on('close', () => (this.#number += 1));
    subscriber.on('ready', () => {
      // A cluster's client asks for its topics by itself, but for those that it was refused.
      if (subscriber.isCluster) this.askAgain();
      else void this.#restore();
    });
  }

  /** Whether all topics are heard, as far as is known. Of a cluster only their silence tells. */
  get areHeard(): boolean {
    return this.#subscriber.status === 'ready' && this.#isRestored;
  }

  /** Receives what is sent to a topic, also after a lost connection was made again. Rejects when it is refused. */
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

  /** Receives what is sent to topics without a handler of their own. */
  receiveOthers(handle: (message: string) => void): void {
    this.#receiveOther = handle;
  }

  /** Hears a topic from now on. Undefined: it is heard. The promise resolves once it is, perhaps on a later connection. */
  listen(topic: string): Promise<void> | undefined {
    const unheard = this.#pending.get(topic);
    if (unheard !== undefined) return unheard.subscribed;
    const group = this.#groupOf(topic);
    if (group.has(topic)) return undefined;
    group.add(topic);
    const asked = newPendingTopic();
    this.#pending.set(topic, asked);
    if (this.#subscriber.status === 'ready') void this.#ask([topic]);
    return asked.subscribed;
  }

  /** Hears these topics no more. */
  letGo(topics: readonly string[]): void {
    const { status, isCluster } = this.#subscriber;
    for (const topic of topics) this.#forget(topic);
    // Without a name the command would let go of all there are.
    if (status !== 'ready' || topics.length === 0) return;
    for (const together of isCluster ? byTag(topics) : [topics]) {
      this.#subscriber.sunsubscribe(...together).catch(() => {});
    }
  }

  /** Asks again for what was refused. To be called now and then. */
  askAgain(): void {
    if (this.#subscriber.status !== 'ready') return;
    for (const [topic, unheard] of this.#pending) {
      if (!unheard.hasFailed && !this.#subscriber.isCluster) continue;
      unheard.hasFailed = false;
      // The client of a cluster keeps a list of what it was asked for, each time anew.
      if (this.#subscriber.isCluster) this.#subscriber.sunsubscribe(topic).catch(() => {});
      void this.#ask([topic]);
    }
  }

  /**
   * Redis answers, but what is sent to this topic is not heard: no command waits on that connection, so that its
   * silence is no fault to the client. It is made anew; in a cluster, all that is on it is asked for again.
   */
  renew(topic: string): void {
    const subscriber = this.#subscriber;
    if (subscriber.status !== 'ready') return;
    if (!subscriber.isCluster) {
      // Its other topics are as silent.
      if (this.#givenUp !== this.#number) subscriber.disconnect(true);
      this.#givenUp = this.#number;
      return;
    }
    const topics = [...this.#groupOf(topic)];
    // A connection that does not answer even this is given up by the client.
    subscriber.sunsubscribe(...topics).catch(() => {});
    void this.#ask(topics);
  }

  /** Asks for everything on a new connection. */
  async #restore(): Promise<void> {
    const number = this.#number;
    this.#isRestored = false;
    const commands = this.#commands();
    const askInTurn = async (): Promise<boolean> => {
      for (const topics of commands) if (number !== this.#number || !(await this.#ask(topics))) return false;
      return true;
    };
    const asked = await Promise.all(Array.from({ length: commandsAtATime }, askInTurn));
    if (number === this.#number) this.#isRestored = asked.every(Boolean);
  }

  /** What is wanted, as it is when it is asked for. */
  *#commands(): Generator<readonly string[], void> {
    let topics: string[] = [];
    for (const group of this.#wanted.values()) {
      for (const topic of group) {
        topics.push(topic);
        if (topics.length < topicsInACommand) continue;
        yield topics;
        topics = [];
      }
    }
    if (topics.length > 0) yield topics;
  }

  async #ask(topics: readonly string[]): Promise<boolean> {
    const waiting = topics.map((topic) => this.#pending.get(topic));
    try {
      await this.#subscriber.ssubscribe(...topics);
    } catch {
      for (const unheard of waiting) if (unheard !== undefined) unheard.hasFailed = true;
      return false;
    }
    for (const [index, topic] of topics.entries()) {
      const unheard = waiting[index];
      if (unheard === undefined || this.#pending.get(topic) !== unheard) continue;
      this.#pending.delete(topic);
      unheard.settle();
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

/** What decides on which server of a cluster a topic is. */
function tagOf(topic: string): string {
  return topic.slice(topic.indexOf('{') + 1, topic.indexOf('}'));
}

function byTag(topics: readonly string[]): Iterable<readonly string[]> {
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
