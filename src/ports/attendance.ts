import type { ChannelName } from '../protocol/channel-name.ts';
import type { ReadonlyRoster, RosterMember } from '../protocol/roster.ts';
import type { SocketId } from '../protocol/socket-id.ts';
import type { CachedEvent } from './channel-caches.ts';
import type { Millis } from './clock.ts';
import type { MaybePromise } from './maybe-promise.ts';

/** A member of a presence channel: the user's id and the JSON text of `user_info` (`null` without one). */
export type Member = RosterMember;

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
  /**
   * The answer is to come after this has resolved, true of that moment: until then an earlier join of the connection is not
   * answered. The step itself is taken at once. Only a ledger that answers later is given it.
   */
  readonly after?: Promise<unknown>;
}

/** What a subscriber must be told. */
export type JoinAnswer =
  | {
      readonly kind: 'joined';
      /** Everybody present now, the joiner included; absent on channels without members. Read it at once. */
      readonly members?: ReadonlyRoster;
      /** The cached event; absent when there is none or it was not asked for. Read it at once, too. */
      readonly cached?: CachedEvent | undefined;
    }
  /** The channel has as many members as it may have. */
  | { readonly kind: 'member-limit' }
  /** The app has as many channels as it may have, or too many new ones, where the ledger sees to that. */
  | { readonly kind: 'channel-limit' | 'channel-rate' };

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

/** What subscribers of a presence or cache channel are told at once, whatever the webhooks do. */
export type Notice =
  | { readonly kind: 'member-added'; readonly member: Member }
  | { readonly kind: 'member-removed'; readonly userId: string }
  /** An event of a cache channel; the connection `except` need not exist. */
  | { readonly kind: 'event'; readonly event: CachedEvent; readonly except: SocketId | undefined };

/**
 * Who is on the channels of an app: the part of the ledger that is told who comes and goes. What holds of each step
 * is written at `Ledger`.
 */
export interface Attendance {
  /**
   * This node has a subscriber of the channel (and a connection of the member). Called for every subscriber;
   * those after the first usually cost no step. When the answer has come, events that other nodes publish on
   * the channel arrive here.
   */
  join(join: Join): MaybePromise<JoinAnswer>;
  /** This node has no subscriber of the channel (or no connection of the member) any more. */
  leave(leave: Leave): MaybePromise<void>;
  /** Reports the departures that are due, and says when to look again (undefined: nothing lingers). */
  sweep(): MaybePromise<Millis | undefined>;
  /** This node serves the app no more. Whoever would be lost with it is reported as gone now, without grace. */
  retire(appId: string): MaybePromise<void>;
}
