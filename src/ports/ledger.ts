import type { ChannelName } from '../protocol/channel-name.ts';
import type { ReadonlyRoster, RosterMember } from '../protocol/roster.ts';
import type { SocketId } from '../protocol/socket-id.ts';
import type { Millis } from './clock.ts';
import type { MaybePromise } from './maybe-promise.ts';
import type { Unavailable } from './unavailable.ts';

/** A member of a presence channel: the user's id and the JSON text of `user_info` (`null` without one). */
export type Member = RosterMember;

/** The event that a cache channel keeps for late subscribers. */
export interface CachedEvent {
  readonly name: string;
  readonly data: string;
}

/** What this node reports when a subscriber comes. */
export interface Join {
  readonly appId: string;
  readonly channel: ChannelName;
  /** Presence channels only: who joins. */
  readonly member?: Member;
  /** The most distinct members that the channel admits. */
  readonly memberLimit: number;
  /** The subscriber needs the cached event, or to be told that there is none. */
  readonly readsCache: boolean;
  /** Some endpoint wants to hear of a cache miss on this channel; otherwise none is recorded. */
  readonly wantsCacheMiss: boolean;
  /** The connection that comes: the source of the facts that this causes. Absent: not known. */
  readonly source?: SocketId;
}

/** What a subscriber must be told. */
export type JoinAnswer =
  | {
      readonly kind: 'joined';
      /** Everybody present now, the joiner included; absent on channels without members. Read it at once. */
      readonly members?: ReadonlyRoster;
      /** The cached event; absent when there is none or it was not asked for. */
      readonly cached?: CachedEvent;
    }
  | { readonly kind: 'member-limit' };

/** What this node reports when a subscriber goes: only what this node has now lost altogether. */
export interface Leave {
  readonly appId: string;
  readonly channel: ChannelName;
  /** This node's last subscriber of the channel has gone; the channel may linger so much longer. */
  readonly channelLingersMs?: Millis;
  /** This node's last connection of this member has gone; the member may linger so much longer. */
  readonly member?: { readonly userId: string; readonly lingersMs: Millis };
  /** The connection that goes: the source of the facts that this causes, if need be later. Absent: not known. */
  readonly source?: SocketId;
}

/** What this node reports when a connection has signed in. */
export interface SignIn {
  readonly appId: string;
  readonly userId: string;
  /** The users of whom the connection wants to know whether they are online. */
  readonly watched: readonly string[];
}

/** The truth of a channel at this moment, without grace. */
export interface ChannelState {
  readonly occupied: boolean;
  readonly userIds: readonly string[];
  readonly subscriptionCount: number;
  /** The cached event's data and the seconds that it remains; absent when there is none. */
  readonly cache?: { readonly data: string; readonly ttl: number };
}

/** A part of many names. */
export interface Page {
  /**
   * The first names after this one, in the order of their characters; empty: from the first one on. Undefined: any of them, in
   * no order.
   */
  readonly after: string | undefined;
  /** So many at most; there are fewer only if there are no more. */
  readonly limit: number;
}

/** What subscribers of a presence or cache channel are told at once, whatever the webhooks do. */
export type Notice =
  | { readonly kind: 'member-added'; readonly member: Member }
  | { readonly kind: 'member-removed'; readonly userId: string }
  /** An event of a cache channel; the connection `except` need not exist. */
  | { readonly kind: 'event'; readonly event: CachedEvent; readonly except: SocketId | undefined };

/** What those who watch a user are told at once. */
export type UserState = 'online' | 'offline';

/**
 * What is true of a whole app, over all nodes: which channels are occupied, who is a member, what lingers,
 * what is cached, who is signed in.
 *
 * Each step is atomic. It changes the state, appends the facts that it caused to the outbox, each fact
 * once, and sends the notices; the answer carries only what the caller must say to its own client. Steps of
 * one node that concern one channel, or one user, take effect in the order of the calls. Join and leave are
 * idempotent. A promise never rejects, and none is pending for long. A ledger that cannot reach its store serves
 * clients from what it has. Backends ask what is true (`channel`, `occupiedChannels`): to them it says `unavailable`
 * unless it knows what all nodes hold.
 *
 * An answer that comes later is true of the moment when it comes: it includes every notice that was sent
 * before, and none that is sent after. Whoever uses it in that same turn misses nothing.
 */
export interface Ledger {
  /**
   * This node has a subscriber of the channel (and a connection of the member). Called for every subscriber;
   * those after the first usually cost no step. When the answer has come, events that other nodes publish on
   * the channel arrive here.
   */
  join(join: Join): MaybePromise<JoinAnswer>;
  /** This node has no subscriber of the channel (or no connection of the member) any more. */
  leave(leave: Leave): MaybePromise<void>;
  /**
   * Publishes an event on a cache channel and keeps it for late subscribers, in place of an earlier one; ends
   * the channel's cache miss. Resolves once the next subscriber finds it.
   */
  cacheEvent(appId: string, channel: ChannelName, event: CachedEvent, except?: SocketId): MaybePromise<void>;
  /**
   * The cache_miss webhook of this episode reached nobody: the next miss is a new one. Does nothing when
   * the channel has entered another episode since.
   */
  forgetCacheMiss(appId: string, channel: ChannelName, episode: string): MaybePromise<void>;
  /**
   * This node has a connection signed in as the user. Answers which of the watched users are online; they are
   * watched until `unwatch`.
   */
  signIn(signIn: SignIn): MaybePromise<ReadonlySet<string>>;
  /** A connection wants to know of these users no more, once for each sign-in that named them. */
  unwatch(appId: string, watched: readonly string[]): void;
  /** This node has no connection signed in as the user any more. */
  signOut(appId: string, userId: string): MaybePromise<void>;
  /** Whether a backend may publish so many more events now, all or none, of `perSecond` in any second. */
  admitTriggers(appId: string, count: number, perSecond: number): MaybePromise<boolean>;
  /** The state of one channel; an unknown channel is simply not occupied. */
  channel(appId: string, channel: ChannelName): MaybePromise<ChannelState | Unavailable>;
  /**
   * The occupied channels whose name starts with `prefix`: all of them in no order, or a part of them. A part may take
   * several turns of the event loop: each of its names was that of an occupied channel in one of them, and a channel that was
   * occupied in all of them is not left out.
   */
  occupiedChannels(
    appId: string,
    prefix: string,
    page?: Page,
  ): MaybePromise<readonly ChannelName[] | Unavailable>;
  /** Reports the departures that are due, and says when to look again (undefined: nothing lingers). */
  sweep(): MaybePromise<Millis | undefined>;
  /** This node serves the app no more. Whoever would be lost with it is reported as gone now, without grace. */
  retire(appId: string): MaybePromise<void>;
}
