import type { ClosingError } from '../protocol/errors.ts';

/** The places for connections that are counted elsewhere, too: on all nodes, or on all threads of this one. */
export interface ConnectionSlots {
  /** Whether every connection needs a place. Default: only those of apps whose connections are limited. */
  readonly areForAll?: boolean;
  /**
   * Takes a place for one more connection of this node from this address. Resolves with whether there was one: `limit` is how many
   * connections of the app there may be; or with another reason why the connection may not come. Whoever took one gives it back
   * with `release`.
   */
  take(appId: string, limit: number, remoteAddress: string): Promise<boolean | ClosingError>;
  /** A connection has gone. Without an address it had taken no place. */
  release(appId: string, remoteAddress: string | undefined): void;
}
