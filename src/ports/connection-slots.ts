import type { ClosingError } from '../protocol/errors.ts';

/** Places for connections that are also counted elsewhere: on all nodes, or on all threads of this one. */
export interface ConnectionSlots {
  /** Whether every connection needs a place. Default: only connections of apps with a limit. */
  readonly areForAll?: boolean;
  /**
   * Takes a place for one more connection of this node from this address. `limit` is the maximum number of connections of the
   * app. Resolves with whether there was a place, or with another reason to refuse the connection. A place that was taken must
   * be returned with `release`.
   */
  take(appId: string, limit: number, remoteAddress: string): Promise<boolean | ClosingError>;
  /**
   * A connection has closed. Without an address, it had not taken a place. With an empty one, it was counted only after it was
   * opened.
   */
  release(appId: string, remoteAddress: string | undefined): void;
}
