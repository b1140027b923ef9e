/** The keys of an app's state are spread over so many partitions. All nodes must agree on it. */
export const partitionCount = 64;

/** How keys are laid out. A version that lays them out otherwise gives it another name. */
export const layoutName = `1/${partitionCount}`;

/** Which partition a channel or a user of an app is in: FNV-1a. */
export function partitionOf(appId: string, name: string): number {
  let hash = 0x811c9dc5;
  for (const text of [appId, '\n', name]) {
    for (let index = 0; index < text.length; index += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    }
  }
  return (hash >>> 0) % partitionCount;
}

/** The name under which a user's partition is looked up. No channel has such a name. */
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
  /** The highest token of a dispatcher that was seen here. */
  readonly fence: string;
  /** Where notices and heartbeats go, which every node hears. */
  readonly topic: string;
  /** Tells whoever dispatches that there is something in the outbox. */
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
    this.fence = `${this.#prefix}fence`;
    this.topic = `${this.#prefix}topic`;
    this.wake = `${this.#prefix}wake`;
  }

  held(epoch: string): string {
    return `${this.#prefix}held:${epoch}`;
  }

  /** Where what is published on a channel goes; nodes hear it that have a subscriber there. */
  channelTopic(appId: string, channel: string): string {
    return `${this.#prefix}heard:${appId}:${channel}`;
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

  /** The drops of an app, their order, and how many there were. */
  drops(appId: string, kind: string): readonly [string, string, string] {
    const of = (what: string): string => `${this.#prefix}${what}:${appId}:${kind}`;
    return [of('drops'), of('drop-order'), of('drop-numbers')];
  }

  index(appId: string): string {
    return `${this.#prefix}index:${appId}`;
  }

  /** What channel.lua calls KEYS, but for the fourth, which is the epoch's. */
  channel(appId: string, channel: string): ChannelKeys {
    const of = (kind: string): string => `${this.#prefix}${kind}:${appId}:${channel}`;
    const before = [this.state, this.due, this.outbox];
    const after = [this.index(appId), of('channel'), of('members'), of('grace'), of('holders'), of('cached')];
    return (epoch) => [...before, this.held(epoch), ...after];
  }
}

/** The names of the keys that belong to no partition: whoever dispatches, and what it keeps. */
export class LeadKeys {
  readonly lead: string;
  readonly batches: string;
  readonly attempts: string;
  readonly layout: string;
  readonly letters: string;
  /** Dead letters on their way to the node that keeps them: a list. */
  readonly letterInbox: string;
  /** What was set at run time. */
  readonly settings: string;
  /** Tells that it has changed. */
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
