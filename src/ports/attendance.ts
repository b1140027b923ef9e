import type { ChannelName } from '../protocol/channel-name.ts';
import type { ReadonlyRoster, RosterMember } from '../protocol/roster.ts';
import type { SocketId } from '../protocol/socket-id.ts';
import type { CachedEvent } from './channel-caches.ts';
import type { Millis } from './clock.ts';
import type { MaybePromise } from './maybe-promise.ts';

/** A member of a presence channel: the user's id and the JSON text of `user_info` (`null` without one). */
export type Member = RosterMember;

/** What this node reports when a subscriber joins. */
export interface Join {
  readonly appId: string;
  readonly channel: ChannelName;
  /** The member who joins. Only on presence channels. */
  readonly member?: Member;
  /** The maximum number of distinct members of the channel. */
  readonly memberLimit: number;
  /** Whether the subscriber needs the cached event, or the notice that there is none. */
  readonly readsCache: boolean;
  /** Whether some endpoint selects cache misses on this channel; otherwise none is recorded. */
  readonly wantsCacheMiss: boolean;
  /** The connection that joins: the source of the facts that this causes. Absent if unknown. */
  readonly source?: SocketId;
  /**
   * If given, the answer must come after this promise has resolved, and must be true at that time: an earlier join of the same
   * connection is answered first. The step itself is taken immediately. Only a ledger that answers later is given it.
   */
  readonly after?: Promise<unknown>;
}

/** What the subscriber must be sent. */
export type JoinAnswer =
  | {
      readonly kind: 'joined';
      /** All current members, including the one who joined; absent on channels without members. Valid only in this turn. */
      readonly members?: ReadonlyRoster;
      /** The cached event; absent if there is none or it was not requested. Valid only in this turn. */
      readonly cached?: CachedEvent | undefined;
    }
  /** The channel has reached its maximum number of members. */
  | { readonly kind: 'member-limit' }
  /** The app has reached its maximum number of channels or of new channels, if the ledger enforces that. */
  | { readonly kind: 'channel-limit' | 'channel-rate' };

/** What this node reports when a subscriber leaves: only what this node has now lost altogether. */
export interface Leave {
  readonly appId: string;
  readonly channel: ChannelName;
  /** This node's last subscriber of the channel has left; the channel may linger for this time. */
  readonly channelLingersMs?: Millis;
  /** This node's last connection of this member has left; the member may linger for this time. */
  readonly member?: { readonly userId: string; readonly lingersMs: Millis };
  /** The connection that leaves: the source of the facts that this causes now or later. Absent if unknown. */
  readonly source?: SocketId;
}

/** A message that subscribers of a presence or cache channel receive immediately, independently of webhooks. */
export type Notice =
  | { readonly kind: 'member-added'; readonly member: Member }
  | { readonly kind: 'member-removed'; readonly userId: string }
  /** An event of a cache channel. The connection `except` may not exist. */
  | { readonly kind: 'event'; readonly event: CachedEvent; readonly except: SocketId | undefined };

/**
 * Who is on the channels of an app: the part of the ledger that is notified of joins and leaves. The rules for all steps are
 * documented at `Ledger`.
 */
export interface Attendance {
  /**
   * This node has a subscriber of the channel (and a connection of the member). Called for every subscriber; later ones usually
   * cost no step. From the answer on, events that other nodes publish on the channel arrive here.
   */
  join(join: Join): MaybePromise<JoinAnswer>;
  /** This node no longer has a subscriber of the channel (or a connection of the member). */
  leave(leave: Leave): MaybePromise<void>;
  /** Reports the departures that are due, and returns when to look again (undefined: nothing lingers). */
  sweep(): MaybePromise<Millis | undefined>;
  /** This node no longer serves the app. All members and channels lost with it are reported as gone now, without grace. */
  retire(appId: string): MaybePromise<void>;
}
