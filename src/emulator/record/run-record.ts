import type { DeliveryAttempt } from '../../recording/records.ts';
import type { DropReason } from '../../webhooks/delivery-facts.ts';

/** The value of `format` in every record. */
export const recordFormat = 'soketify-record';

/** The version of the format that this version writes and reads. */
export const recordVersion = 1;

/** Something that happened, by its `kind`. Field names are those of the protocol. */
type Happening =
  | { readonly kind: 'connected'; readonly socket_id: string }
  | {
      readonly kind: 'disconnected';
      readonly socket_id: string;
      /** `client`: the server did not close the connection. */
      readonly reason: string;
    }
  | { readonly kind: 'signed in'; readonly socket_id: string; readonly user_id: string }
  | {
      readonly kind: 'subscribed' | 'unsubscribed';
      readonly socket_id: string;
      readonly channel: string;
      /** Only on presence channels. */
      readonly user_id?: string;
    }
  | {
      readonly kind: 'client event';
      readonly socket_id: string;
      readonly channel: string;
      readonly event: string;
      readonly data: string;
      /** Only on presence channels. */
      readonly user_id?: string;
    }
  | {
      readonly kind: 'published';
      readonly source: 'api' | 'admin';
      readonly channels: readonly string[];
      readonly event: string;
      readonly data: string;
      /** The connection that must not receive it. */
      readonly socket_id?: string;
    }
  | {
      /** A request of a client or a backend was refused. */
      readonly kind: 'refused';
      readonly what: 'connection' | 'subscription' | 'signin' | 'client_event' | 'message' | 'request';
      readonly reason: string;
      readonly socket_id?: string;
      readonly channel?: string;
      /** For a request: the status of the response. */
      readonly status?: number;
    }
  /** A test moved the clock by this many milliseconds. */
  | { readonly kind: 'clock advanced'; readonly ms: number }
  | {
      readonly kind: 'fault injected';
      readonly on: 'webhooks' | 'connections' | 'api';
      /** 0: it applied immediately, and there is nothing to clear. */
      readonly id: number;
      readonly fault: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'fault cleared'; readonly id: number }
  | { readonly kind: 'faults cleared' }
  /** An endpoint accepted a delivery. */
  | { readonly kind: 'delivered'; readonly endpoint: string; readonly delivery: string }
  | {
      readonly kind: 'dropped';
      readonly endpoint: string;
      /** Absent: the events were not in a delivery yet. */
      readonly delivery?: string;
      readonly reason: DropReason;
      /** How many events were dropped. */
      readonly events: number;
    };

/**
 * Something that happened during a run.
 *
 * @since 0.1.0
 */
export type RecordEntry = {
  /** When it happened, on the emulator's clock: milliseconds since the start. */
  readonly atMs: number;
  /** Absent: it concerns all apps. */
  readonly appId?: string;
} & Happening;

/**
 * An app of a run. Its secret and the headers of its endpoints are not recorded.
 *
 * @since 0.1.0
 */
export interface RecordedApp {
  /** The id of the app. */
  readonly id: string;
  /** The public key of the app. */
  readonly key: string;
  /** The endpoints when the record was made. Passwords and queries in URLs are masked. */
  readonly endpoints: readonly { readonly id: string; readonly url: string }[];
}

/**
 * A webhook to one endpoint, with all its attempts.
 *
 * @since 0.1.0
 */
export interface RecordedDelivery {
  /** The `webhook-id` of the request. */
  readonly id: string;
  /** The id of the app of its events. */
  readonly appId: string;
  /** The id of the endpoint. */
  readonly endpoint: string;
  /** `dropped`: it is not retried. */
  readonly status: 'pending' | 'delivered' | 'dropped';
  /** Why it was dropped. */
  readonly reason?: DropReason;
  /** The body, the same in each attempt. */
  readonly body: string;
  /** The attempts, the first one first. */
  readonly attempts: readonly Omit<DeliveryAttempt, 'timeMs' | 'headers'>[];
}

/**
 * Everything that happened since the start of an emulator, or since its last reset: plain JSON, without secrets. With a `seed`, the
 * virtual clock and `now`, the same run gives the same record, except for what the operating system chooses, such as ports in URLs.
 *
 * @since 0.1.0
 */
export interface RunRecord {
  /** Always `soketify-record`. */
  readonly format: typeof recordFormat;
  /** The version of the format. */
  readonly version: typeof recordVersion;
  /** The clock of the emulator, at the end of the run. */
  readonly clock: {
    readonly mode: 'real' | 'virtual';
    /** Milliseconds since the start. */
    readonly nowMs: number;
  };
  /** Absent: ids were random. */
  readonly seed?: number;
  /** The apps, at the end of the run. */
  readonly apps: readonly RecordedApp[];
  /** How many of the oldest entries and deliveries are no longer kept. The latest 10,000 of each are kept, up to 32 MB of entries. */
  readonly lost: { readonly entries: number; readonly deliveries: number };
  /** What happened, in order. */
  readonly entries: readonly RecordEntry[];
  /**
   * The deliveries, in the order in which they were accepted by the endpoint or dropped. Pending ones are last, in the order of their
   * first attempts. So the deliveries of one channel are in order.
   */
  readonly deliveries: readonly RecordedDelivery[];
}
