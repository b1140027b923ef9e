import type { Millis } from '../ports/clock.ts';
import { isInternal, type ChannelName } from '../protocol/channel-name.ts';

/** A channel that has subscribers on this node. */
export interface LocalChannel {
  readonly name: ChannelName;
  subscribers: number;
  /** The latest time until which a leave makes the channel linger. */
  lingersUntil: Millis;
  /** The members on this node, by user id. Only for presence channels. */
  members: Map<string, LocalMember> | undefined;
}

interface LocalMember {
  connections: number;
  lingersUntil: Millis;
}

/** One socket's subscription to one channel, kept by the socket. */
export interface Subscription {
  readonly channel: LocalChannel;
  /** The user id of the member. Only for presence channels. */
  readonly userId: string | undefined;
}

/** What this node lost with a leave. A duration is how much longer the subject may linger. */
export interface LocalLeave {
  readonly channelLingersMs: Millis | undefined;
  readonly memberLingersMs: Millis | undefined;
}

/**
 * This node's own subscriptions of one app. It is synchronous and in memory, and knows when the node loses its last
 * subscriber of a channel or its last connection of a member. The cost of a step does not depend on how many others there
 * are. The socket ensures that it joins a channel only once.
 */
export class Registry {
  readonly #channels = new Map<ChannelName, LocalChannel>();
  #occupied = 0;
  #members = 0;

  /** How many channels have subscribers here, not counting channels that belong to the protocol. */
  get occupiedChannels(): number {
    return this.#occupied;
  }

  /** How many members presence channels have here. A user counts once for each channel. */
  get members(): number {
    return this.#members;
  }

  /** The channels that have subscribers here. */
  channels(): Iterable<LocalChannel> {
    return this.#channels.values();
  }

  /** How many sockets of this node are subscribed to the channel. */
  subscribers(name: ChannelName): number {
    return this.#channels.get(name)?.subscribers ?? 0;
  }

  join(name: ChannelName, userId?: string): Subscription {
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      channel = { name, subscribers: 0, lingersUntil: -Infinity, members: undefined };
      this.#channels.set(name, channel);
      if (!isInternal(name)) this.#occupied += 1;
    }
    channel.subscribers += 1;
    if (userId !== undefined && addConnection(channel, userId)) this.#members += 1;
    return { channel, userId };
  }

  /** Ends a subscription of this registry. `graceMs` is how long its channel and member should linger. */
  leave(subscription: Subscription, at: Millis, graceMs: Millis): LocalLeave {
    const { channel, userId } = subscription;
    channel.subscribers -= 1;
    channel.lingersUntil = Math.max(channel.lingersUntil, at + graceMs);
    const memberLingersMs = userId === undefined ? undefined : removeConnection(channel, userId, at, graceMs);
    if (memberLingersMs !== undefined) this.#members -= 1;
    if (channel.subscribers > 0) return { channelLingersMs: undefined, memberLingersMs };
    this.#channels.delete(channel.name);
    if (!isInternal(channel.name)) this.#occupied -= 1;
    return { channelLingersMs: channel.lingersUntil - at, memberLingersMs };
  }
}

/** Returns whether this is the user's first connection. */
function addConnection(channel: LocalChannel, userId: string): boolean {
  channel.members ??= new Map();
  const member = channel.members.get(userId);
  if (member === undefined) channel.members.set(userId, { connections: 1, lingersUntil: -Infinity });
  else member.connections += 1;
  return member === undefined;
}

function removeConnection(
  channel: LocalChannel,
  userId: string,
  at: Millis,
  graceMs: Millis,
): Millis | undefined {
  const member = channel.members?.get(userId);
  if (member === undefined) return undefined;
  member.connections -= 1;
  member.lingersUntil = Math.max(member.lingersUntil, at + graceMs);
  if (member.connections > 0) return undefined;
  channel.members?.delete(userId);
  return member.lingersUntil - at;
}
