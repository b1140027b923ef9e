/** The places that an app has for connections, on all nodes together. Only apps whose connections are limited have some. */
export interface ConnectionSlots {
  /**
   * Takes a place for one more connection of this node. Resolves with whether there was one: `limit` is how many
   * connections there may be. Whoever took one gives it back with `release`.
   */
  take(appId: string, limit: number): Promise<boolean>;
  /** A connection has gone. Does nothing for an app whose connections are not limited. */
  release(appId: string): void;
}
