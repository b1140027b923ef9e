import type { KeyPair } from '../auth/key-pair.ts';
import type { Limits } from '../protocol/limits.ts';
import type { Endpoint } from '../webhooks/endpoint.ts';

/** The configuration of one app. Apps share nothing. */
export interface Application {
  readonly id: string;
  /** The oldest key, which signs webhooks. */
  readonly key: string;
  readonly secret: string;
  /** Further key pairs, which authenticate as well as the first. */
  readonly otherKeys: readonly KeyPair[];
  /** A disabled app refuses all clients and requests with an error. */
  readonly isEnabled: boolean;
  /** Whether clients may send events to each other. */
  readonly clientEvents: boolean;
  /** Whether subscribers and webhooks are notified of subscription counts. */
  readonly subscriptionCount: boolean;
  /** Whether clients are notified of the users that they watch. */
  readonly watchlist: boolean;
  /** Whether clients must use TLS. */
  readonly forceTls: boolean;
  /** The origins of pages that may connect. `*` stands for labels of the host or for the port. */
  readonly allowedOrigins: readonly string[];
  readonly limits: Limits;
  readonly endpoints: readonly Endpoint[];
}
