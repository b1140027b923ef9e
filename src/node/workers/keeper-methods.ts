import type { Join, Leave, Member, Notice } from '../../ports/attendance.ts';
import type { CachedEvent } from '../../ports/channel-caches.ts';
import type { ChannelState, Page } from '../../ports/channel-queries.ts';
import type { MaybePromise } from '../../ports/maybe-promise.ts';
import type { UserState } from '../../ports/online-users.ts';
import type { Unavailable } from '../../ports/unavailable.ts';
import type { ChannelName } from '../../protocol/channel-name.ts';
import type { SocketId } from '../../protocol/socket-id.ts';
import type { ClosingError } from '../../protocol/errors.ts';
import type { WebhookEvent } from '../../webhooks/event.ts';

/** The number of the thread that holds the ledger; those of the workers follow it. */
export const keeper = 0;

/** The keeper's answer to a join. */
export type JoinReply =
  | {
      readonly kind: 'joined';
      /** All members, if the worker asked for them. */
      readonly members?: readonly Member[];
      readonly cached?: CachedEvent;
    }
  | { readonly kind: 'member-limit' | 'channel-limit' | 'channel-rate' };

/** How many connections of a worker are subscribed to a channel. */
export type CountOfWorker = readonly [channel: ChannelName, subscribers: number];

/** What the keeper does for the workers about the state of the apps. `from` is the worker that calls. */
export interface KeeperOfState {
  join(from: number, join: Join, wantsMembers: boolean): JoinReply;
  leave(from: number, leave: Leave): void;
  cacheEvent(
    from: number,
    appId: string,
    channel: ChannelName,
    event: CachedEvent,
    except?: SocketId,
  ): MaybePromise<void>;
  forgetCacheMiss(from: number, appId: string, channel: ChannelName, episode: string): void;
  /** Returns the watched users who are online. */
  signIn(
    from: number,
    appId: string,
    userId: string,
    watched: readonly string[],
  ): MaybePromise<readonly string[]>;
  signOut(from: number, appId: string, userId: string): void;
  admitTriggers(from: number, appId: string, count: number, perSecond: number): MaybePromise<boolean>;
  channel(from: number, appId: string, channel: ChannelName): MaybePromise<ChannelState | Unavailable>;
  occupiedChannels(
    from: number,
    appId: string,
    prefix: string,
    page: Page | undefined,
  ): MaybePromise<readonly ChannelName[] | Unavailable>;
  append(from: number, appId: string, events: readonly WebhookEvent[]): void;
  kept(from: number): MaybePromise<void>;
  /** Admits a connection (true), or returns the error that refuses it; false: the app already has `limit` connections. */
  enter(from: number, appId: string, remoteAddress: string, limit: number): boolean | ClosingError;
  /** Counts connections of this worker that were admitted before their app had a limit. */
  countOpen(from: number, appId: string, connections: number): void;
  /** An admitted connection has closed. Its address is empty if it was counted by `countOpen`. */
  exit(from: number, appId: string, remoteAddress: string): void;
  /** Closes the connections of a user on all workers. */
  terminate(from: number, appId: string, userId: string): void;
  /** Receives how many connections of this worker are subscribed to the channel now. */
  count(from: number, appId: string, channel: ChannelName, subscribers: number): void;
  /** Receives the counts of all channels of this worker, of an app that sends counts from now on. */
  counts(from: number, appId: string, counts: readonly CountOfWorker[]): void;
}

/** What a worker receives about the state of the apps: calls of the keeper, and frames of the other workers. */
export interface WorkerOfState {
  /** A frame for the subscribers of a channel. */
  frame(from: number, appId: string, channel: ChannelName, frame: string, except?: SocketId): void;
  /** A notice for the subscribers of a presence or cache channel. */
  notice(from: number, appId: string, channel: ChannelName, notice: Notice): void;
  /** A change for the clients that watch a user. */
  watched(from: number, appId: string, userId: string, state: UserState): void;
  /** Closes the connections of a user. */
  terminate(from: number, appId: string, userId: string): void;
  /** Returns how many connections of this worker are subscribed to a channel. */
  subscribers(from: number, appId: string, channel: ChannelName): number;
}
