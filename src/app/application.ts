import type { KeyPair } from '../auth/key-pair.ts';
import type { Limits } from '../protocol/limits.ts';
import type { Endpoint } from '../webhooks/endpoint.ts';

/** One app, as it is configured. Apps share nothing. */
export interface Application {
  readonly id: string;
  /** The oldest pair: webhooks are signed with it. */
  readonly key: string;
  readonly secret: string;
  /** Further pairs, which authenticate as well as the first. */
  readonly otherKeys: readonly KeyPair[];
  /** A disabled app refuses everybody, and says so. */
  readonly isEnabled: boolean;
  /** Whether clients may send events to each other. */
  readonly clientEvents: boolean;
  /** Whether subscribers and webhooks are told how many subscribers a channel has. */
  readonly subscriptionCount: boolean;
  /** Whether clients are told of the users that they watch. */
  readonly watchlist: boolean;
  /** Whether clients must connect by TLS. */
  readonly forceTls: boolean;
  /** The pages that may connect, by origin; in one, `*` stands for labels of the host or the port. */
  readonly allowedOrigins: readonly string[];
  readonly limits: Limits;
  readonly endpoints: readonly Endpoint[];
}
