import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { Topics } from '../../../src/store/redis/fanout/topics.ts';
import { settle } from '../../support/fake-clock.ts';

/** A client for topics; the test determines when its commands are answered. */
class FakeSubscriber extends EventEmitter {
  status = 'ready';
  readonly isCluster: boolean;
  /** Every command, as it was sent. */
  readonly sent: string[] = [];
  disconnects = 0;
  readonly #waiting: { readonly answer: () => void; readonly refuse: () => void }[] = [];

  constructor(isCluster = false) {
    super();
    this.isCluster = isCluster;
  }

  ssubscribe(...topics: string[]): Promise<void> {
    this.sent.push(`+${topics.join(' ')}`);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ answer: resolve, refuse: () => reject(new Error('refused')) });
    });
  }

  async sunsubscribe(...topics: string[]): Promise<void> {
    this.sent.push(`-${topics.join(' ')}`);
  }

  disconnect(): void {
    this.disconnects += 1;
  }

  async answer(): Promise<void> {
    this.#waiting.shift()?.answer();
    await settle();
  }

  async refuse(): Promise<void> {
    this.#waiting.shift()?.refuse();
    await settle();
  }

  lose(): void {
    this.status = 'reconnecting';
    this.emit('close');
    for (const { refuse } of this.#waiting.splice(0)) refuse();
  }

  async comeBack(): Promise<void> {
    this.status = 'ready';
    this.sent.length = 0;
    this.emit('ready');
    await settle();
  }
}

function stage(isCluster = false) {
  const subscriber = new FakeSubscriber(isCluster);
  const topics = new Topics(subscriber as unknown as Redis);
  const subscribed: string[] = [];
  const subscribe = (topic: string): Promise<void> | undefined => {
    const promise = topics.listen(topic);
    void promise?.then(() => subscribed.push(topic));
    return promise;
  };
  return { subscriber, topics, subscribe, subscribed };
}

describe('a topic', () => {
  test('is subscribed once Redis confirms it, and then without another command', async () => {
    const { subscriber, topics, subscribe, subscribed } = stage();
    void subscribe('{1}a');
    void subscribe('{1}a');
    await settle();
    expect(subscribed).toEqual([]);
    await subscriber.answer();
    expect(subscribed).toEqual(['{1}a', '{1}a']);
    expect(topics.listen('{1}a')).toBeUndefined();
    expect(subscriber.sent).toEqual(['+{1}a']);
  });

  test('that is unsubscribed and subscribed again waits for the second answer', async () => {
    const { subscriber, topics, subscribe, subscribed } = stage();
    void topics.listen('{1}a');
    topics.unlisten(['{1}a']);
    void subscribe('{1}a');
    await subscriber.answer();
    expect(subscribed).toEqual([]);
    await subscriber.answer();
    expect(subscribed).toEqual(['{1}a']);
    expect(subscriber.sent).toEqual(['+{1}a', '-{1}a', '+{1}a']);
  });

  test('that was refused is requested again', async () => {
    const { subscriber, topics, subscribe, subscribed } = stage();
    void subscribe('{1}a');
    topics.retryRefused();
    await subscriber.refuse();
    expect(subscribed).toEqual([]);
    topics.retryRefused();
    await subscriber.answer();
    expect(subscribed).toEqual(['{1}a']);
    expect(subscriber.sent).toEqual(['+{1}a', '+{1}a']);
  });

  test('without a handler of its own is received with the others', async () => {
    const { subscriber, topics } = stage();
    const received: string[] = [];
    topics.handleOthers((message) => received.push(`other ${message}`));
    void topics.subscribe('{1}own', (message) => received.push(`own ${message}`));
    subscriber.emit('smessage', '{1}own', '1');
    subscriber.emit('smessage', '{1}a', '2');
    expect(received).toEqual(['own 1', 'other 2']);
  });

  test('is unsubscribed together with others; in a cluster, with those of the same hash tag', () => {
    for (const isCluster of [false, true]) {
      const { subscriber, topics } = stage(isCluster);
      topics.unlisten(['{1}a', '{2}a', '{1}b']);
      expect(subscriber.sent).toEqual(isCluster ? ['-{1}a {1}b', '-{2}a'] : ['-{1}a {2}a {1}b']);
    }
  });
});

test('sends no command if nothing is unsubscribed', () => {
  const { subscriber, topics } = stage();
  topics.unlisten([]);
  expect(subscriber.sent).toEqual([]);
});

describe('after a lost connection', () => {
  const many = Array.from({ length: 4000 }, (_, index) => `{${index % 64}}${index}`);

  test('all topics are requested, 500 in a command and four commands at a time', async () => {
    const { subscriber, topics } = stage();
    for (const topic of many) void topics.listen(topic);
    for (const _ of many) await subscriber.answer();
    subscriber.lose();
    expect(topics.areSubscribed).toBe(false);
    await subscriber.comeBack();
    expect(subscriber.sent).toHaveLength(4);
    for (let answered = 0; answered < 7; answered += 1) await subscriber.answer();
    expect(topics.areSubscribed).toBe(false);
    await subscriber.answer();
    expect(topics.areSubscribed).toBe(true);
    const requested = subscriber.sent.flatMap((command) => command.slice(1).split(' '));
    expect(requested.toSorted()).toEqual(many.toSorted());
    expect(subscriber.sent.every((command) => command.split(' ').length === 500)).toBe(true);
  });

  test('a new topic waits for it, and an unsubscribed one is not requested', async () => {
    const { subscriber, topics, subscribe, subscribed } = stage();
    void topics.listen('{1}left');
    await subscriber.answer();
    void subscribe('{1}requested');
    subscriber.lose();
    void subscribe('{1}meanwhile');
    topics.unlisten(['{1}left']);
    await subscriber.comeBack();
    expect(subscriber.sent).toEqual(['+{1}requested {1}meanwhile']);
    expect(subscribed).toEqual([]);
    await subscriber.answer();
    expect(subscribed).toEqual(['{1}requested', '{1}meanwhile']);
  });

  test('that is lost again, the topics are requested on the third, and only then complete', async () => {
    const { subscriber, topics } = stage();
    void topics.listen('{1}a');
    await subscriber.answer();
    subscriber.lose();
    await subscriber.comeBack();
    subscriber.lose();
    await settle();
    await subscriber.comeBack();
    expect(topics.areSubscribed).toBe(false);
    await subscriber.answer();
    expect(topics.areSubscribed).toBe(true);
    expect(subscriber.sent).toEqual(['+{1}a']);
  });
});

describe('a silent topic', () => {
  test('renews the connection to a single server, once', () => {
    const { subscriber, topics } = stage();
    topics.renew('{1}topic');
    topics.renew('{2}topic');
    expect(subscriber.disconnects).toBe(1);
  });

  test('requests all topics on its server again in a cluster', async () => {
    const { subscriber, topics } = stage(true);
    void topics.subscribe('{1}topic', () => {});
    void topics.listen('{1}a');
    void topics.listen('{2}a');
    subscriber.sent.length = 0;
    topics.renew('{1}topic');
    expect(subscriber.sent).toEqual(['-{1}topic {1}a', '+{1}topic {1}a']);
  });
});
