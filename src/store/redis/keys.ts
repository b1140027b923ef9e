/** The keys of all apps are spread over this many partitions. All nodes must use the same number. */
export const partitionCount = 64;

/** The name of the layout of the keys. A version with another layout must give it another name. */
export function layoutOf(partitions: number): string {
  return `1/${partitions}`;
}

/** The keys of each partition. */
export function allPartitions(keyPrefix: string, count = partitionCount): readonly PartitionKeys[] {
  return Array.from({ length: count }, (_, index) => new PartitionKeys(keyPrefix, index));
}

/** The partition of a channel or user of an app. The hash is FNV-1a. */
export function partitionOf(appId: string, name: string, count = partitionCount): number {
  let hash = 0x811c9dc5;
  for (const text of [appId, '\n', name]) {
    for (let index = 0; index < text.length; index += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    }
  }
  return (hash >>> 0) % count;
}

/** The name by which the partition of a user is found. It can be no channel's name. */
export function userName(userId: string): string {
  return `#user-${userId}`;
}

/** The names of all keys and topics of one partition. The braces keep them in one slot of a cluster. */
export class PartitionKeys {
  readonly state: string;
  readonly nodes: string;
  readonly due: string;
  readonly outbox: string;
  readonly ended: string;
  /** Events that some endpoints are done with and others are not: entry id to endpoint ids. */
  readonly settled: string;
  /** Of which channels endpoints have missed something. */
  readonly debts: string;
  /** The endpoints for which somebody has recently requested what they have missed. */
  readonly asked: string;
  /** Which events endpoints have received, except for their debts: APP\nENDPOINT to JSON. */
  readonly received: string;
  /** The highest token of a partition's owner that was seen here. */
  readonly fence: string;
  /** The topic for notices and heartbeats. Every node subscribes to it. */
  readonly topic: string;
  /** The topic that wakes the dispatching node when there is something in the outbox. */
  readonly wake: string;
  readonly #prefix: string;

  constructor(keyPrefix: string, partition: number) {
    this.#prefix = `${keyPrefix}{${partition}}:`;
    this.state = `${this.#prefix}state`;
    this.nodes = `${this.#prefix}nodes`;
    this.due = `${this.#prefix}due`;
    this.outbox = `${this.#prefix}outbox`;
    this.ended = `${this.#prefix}ended`;
    this.settled = `${this.#prefix}settled`;
    this.debts = `${this.#prefix}debts`;
    this.asked = `${this.#prefix}asked`;
    this.received = `${this.#prefix}received`;
    this.fence = `${this.#prefix}fence`;
    this.topic = `${this.#prefix}topic`;
    this.wake = `${this.#prefix}wake`;
  }

  held(epoch: string): string {
    return `${this.#prefix}held:${epoch}`;
  }

  /** The topic for events of a channel. Nodes with a subscriber of the channel subscribe to it. */
  channelTopic(appId: string, channel: string): string {
    return `${this.#prefix}heard:${appId}:${channel}`;
  }

  /** What an endpoint has missed of a channel. `name` is APP\nENDPOINT\nCHANNEL. */
  debt(name: string): string {
    return `${this.#prefix}debt:${name.replaceAll('\n', ':')}`;
  }

  user(appId: string, userId: string): string {
    return `${this.#prefix}user:${appId}:${userId}`;
  }

  connections(appId: string): string {
    return `${this.#prefix}connections:${appId}`;
  }

  admitted(appId: string): string {
    return `${this.#prefix}admitted:${appId}`;
  }

  /** The keys for the drops of an app: the drops, their order, and their numbers. */
  drops(appId: string, kind: string): readonly [string, string, string] {
    const of = (what: string): string => `${this.#prefix}${what}:${appId}:${kind}`;
    return [of('drops'), of('drop-order'), of('drop-numbers')];
  }

  index(appId: string): string {
    return `${this.#prefix}index:${appId}`;
  }

  /** The channels of the app that have a cached event. */
  caches(appId: string): string {
    return `${this.#prefix}caches:${appId}`;
  }

  cached(appId: string, channel: string): string {
    return `${this.#prefix}cached:${appId}:${channel}`;
  }

  /** The KEYS of channel.lua. The fourth one depends on the epoch. */
  channel(appId: string, channel: string): ChannelKeys {
    const of = (kind: string): string => `${this.#prefix}${kind}:${appId}:${channel}`;
    const before = [this.state, this.due, this.outbox];
    const cached = this.cached(appId, channel);
    const after = [this.index(appId), of('channel'), of('members'), of('grace'), of('holders'), cached];
    return (epoch) => [...before, this.held(epoch), ...after];
  }
}

/** The names of the keys that belong to no partition: who dispatches, and what is kept for dispatching. */
export class LeadKeys {
  readonly lead: string;
  readonly batches: string;
  readonly attempts: string;
  readonly layout: string;
  readonly letters: string;
  /** A list of dead letters on their way to the node that keeps them. */
  readonly letterInbox: string;
  /** Settings that were changed at run time. */
  readonly settings: string;
  /** The topic that announces a change of them. */
  readonly settingsTopic: string;

  constructor(keyPrefix: string) {
    const prefix = `${keyPrefix}{lead}:`;
    this.lead = `${prefix}lead`;
    this.batches = `${prefix}batches`;
    this.attempts = `${prefix}attempts`;
    this.layout = `${prefix}layout`;
    this.letters = `${prefix}letters`;
    this.letterInbox = `${prefix}letter-inbox`;
    this.settings = `${prefix}settings`;
    this.settingsTopic = `${prefix}settings-topic`;
  }
}

/** The keys of a channel's scripts, for an epoch. */
export type ChannelKeys = (epoch: string) => readonly string[];
