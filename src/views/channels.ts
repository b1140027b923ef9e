import type { DeliveryView, AttemptView, EventView } from './deliveries.ts';

/** A channel in a list. */
export interface ChannelView {
  readonly name: string;
  readonly kind: 'public' | 'private' | 'encrypted' | 'presence';
  readonly isCache: boolean;
  /** Absent if it is not known at the moment. */
  readonly subscriptionCount?: number;
  readonly userCount?: number;
}

/** `GET /apps/ID/channels`. */
export interface ChannelPage {
  readonly items: readonly ChannelView[];
  /** The value of `after` for the next page. */
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
  /** The user that is signed in, or the member of the channel. */
  readonly userId?: string;
  readonly channels: readonly { readonly name: string; readonly userId?: string }[];
}

/** A span of a timeline. `toMs` is absent while the span lasts. */
export interface SpanView {
  readonly state: 'present' | 'lingering';
  readonly fromMs: number;
  readonly toMs?: number;
  /** The span began before the first kept record, and `fromMs` is the time of that record. */
  readonly beganBefore?: true;
  /** The end of the grace period, if the state is `lingering`. */
  readonly deadlineMs?: number;
}

/** `GET /apps/ID/channels/NAME/timeline`: the recorded history of a channel and its members. */
export interface TimelineView {
  readonly channel: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly keptSinceMs: number;
  readonly skipped: number;
  /** The channel first (`userId` absent), then its members. */
  readonly rows: readonly { readonly userId?: string; readonly spans: readonly SpanView[] }[];
  /** How many more members are not shown. */
  readonly moreRows?: number;
  /** The webhook events of the channel with their outcomes. */
  readonly events: readonly EventView[];
  /** The deliveries that contain one of these events, with their attempts. */
  readonly deliveries: readonly {
    readonly id: string;
    readonly endpoint: string;
    readonly status: DeliveryView['status'];
    readonly eventIds: readonly number[];
    readonly attempts: readonly Pick<AttemptView, 'number' | 'atMs' | 'elapsedMs' | 'result' | 'status'>[];
  }[];
}
