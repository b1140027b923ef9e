/** What an app accepts. Infinity is "no limit". */
export interface Limits {
  readonly clientEventsPerSecond: number;
  readonly presenceMembers: number;
  readonly userInfoBytes: number;
  readonly userIdLength: number;
  readonly channelNameLength: number;
  readonly eventNameLength: number;
  readonly eventDataBytes: number;
  readonly channelsPerTrigger: number;
  readonly eventsPerBatch: number;
  /** Users on the watchlist of one connection. */
  readonly watchlist: number;
  /** Connections of the app. */
  readonly connections: number;
  /** Events that backends publish, each item of a batch one, in any second. */
  readonly triggersPerSecond: number;
}
