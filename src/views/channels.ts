import type { DeliveryView, AttemptView, EventView } from './deliveries.ts';

/** A channel in a list. */
export interface ChannelView {
  readonly name: string;
  readonly kind: 'public' | 'private' | 'encrypted' | 'presence';
  readonly isCache: boolean;
  /** Absent: not known at this moment. */
  readonly subscriptionCount?: number;
  readonly userCount?: number;
}

/** `GET /apps/ID/channels`. */
export interface ChannelPage {
  readonly items: readonly ChannelView[];
  /** To be given as `after` for those that follow. */
  readonly next?: string;
}

/** `GET /apps/ID/channels/NAME`. */
export interface ChannelDetail extends ChannelView {
  readonly occupied: boolean;
  readonly userIds?: readonly string[];
  readonly cache?: { readonly data: string; readonly ttlSeconds: number };
  /** Subscribers that are connected to this node. */
  readonly connections: readonly ConnectionView[];
}

/** A connection to this node. */
export interface ConnectionView {
  readonly socketId: string;
  /** Who is signed in on it, or is a member of the channel by it. */
  readonly userId?: string;
  readonly channels: readonly { readonly name: string; readonly userId?: string }[];
}

/** A span of a timeline. `toMs` is absent while it lasts. */
export interface SpanView {
  readonly state: 'present' | 'lingering';
  readonly fromMs: number;
  readonly toMs?: number;
  /** It began earlier than what is kept: `fromMs` is only since when it is known. */
  readonly beganBefore?: true;
  /** Lingering: when its grace ends. */
  readonly deadlineMs?: number;
}

/** `GET /apps/ID/channels/NAME/timeline`: what was recorded of a channel, and of its members. */
export interface TimelineView {
  readonly channel: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly keptSinceMs: number;
  readonly skipped: number;
  /** The channel first (`userId` absent), then its members. */
  readonly rows: readonly { readonly userId?: string; readonly spans: readonly SpanView[] }[];
  /** So many members more are not shown. */
  readonly moreRows?: number;
  /** Events of the channel, with what became of each. */
  readonly events: readonly EventView[];
  /** Deliveries that hold one of them, attempt by attempt. */
  readonly deliveries: readonly {
    readonly id: string;
    readonly endpoint: string;
    readonly status: DeliveryView['status'];
    readonly eventIds: readonly number[];
    readonly attempts: readonly Pick<AttemptView, 'number' | 'atMs' | 'elapsedMs' | 'result' | 'status'>[];
  }[];
}
