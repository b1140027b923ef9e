/** The definition of one limit. The schema, the types, the resolution of values and the README are derived from it. */
export interface Limit {
  /** Null means no limit. */
  readonly default: number | null;
  /** The highest value that can be configured. */
  readonly max: number;
  /** What is counted, as in "a whole number of bytes". */
  readonly unit: string;
  /** One sentence for the operator who configures it. */
  readonly meaning: string;
}

const million = 1_000_000;
const mebibyte = 1024 * 1024;

/** Every limit of an app. */
export const limitTable = {
  clientEventsPerSecond: {
    default: 10,
    max: million,
    unit: 'events',
    meaning: 'Client events of one connection in any second.',
  },
  messagesPerSecond: {
    default: 100,
    max: million,
    unit: 'messages',
    meaning:
      'Messages that one connection may send continuously, not counting client events within their limit; a frame that is not a message of the protocol counts as ten.',
  },
  messageBurst: {
    default: 5000,
    max: million,
    unit: 'messages',
    meaning:
      'Messages that one connection may send in a burst, such as the subscriptions of a client that reconnects; after that it is closed with 4100.',
  },
  bytesPerSecond: {
    default: 256 * 1024,
    max: 1024 * mebibyte,
    unit: 'bytes',
    meaning:
      'Bytes of messages that one connection may send continuously, counted after decompression, not counting client events within their limit.',
  },
  byteBurst: {
    default: 4 * mebibyte,
    max: 1024 * mebibyte,
    unit: 'bytes',
    meaning:
      'Bytes that one connection may send in a burst, never less than two of the largest messages; after that it is closed with 4100.',
  },
  presenceMembers: {
    default: 100,
    max: million,
    unit: 'members',
    meaning: 'Distinct users on one presence channel.',
  },
  userInfoBytes: {
    default: 1024,
    max: mebibyte,
    unit: 'bytes',
    meaning: 'Bytes of the JSON of a user_info.',
  },
  userIdLength: {
    default: 128,
    max: mebibyte,
    unit: 'characters',
    meaning: 'Characters of a user id.',
  },
  channelNameLength: {
    default: 164,
    max: mebibyte,
    unit: 'characters',
    meaning: 'Characters of a channel name, prefix included.',
  },
  eventNameLength: {
    default: 200,
    max: mebibyte,
    unit: 'characters',
    meaning: 'Characters of an event name.',
  },
  eventDataBytes: {
    default: 10_240,
    max: 5 * mebibyte,
    unit: 'bytes',
    meaning: 'Bytes of the data of an event, in UTF-8.',
  },
  channelsPerTrigger: {
    default: 100,
    max: million,
    unit: 'channels',
    meaning: 'Channels that one request publishes to.',
  },
  eventsPerBatch: {
    default: 10,
    max: million,
    unit: 'events',
    meaning: 'Events in one batch request.',
  },
  watchlist: {
    default: 100,
    max: million,
    unit: 'users',
    meaning: 'Users on the watchlist of one connection.',
  },
  channelsPerConnection: {
    default: 1000,
    max: million,
    unit: 'channels',
    meaning: 'Channels that one connection may be subscribed to; one more is refused.',
  },
  newChannelsPerSecond: {
    default: 100,
    max: million,
    unit: 'channels',
    meaning:
      'Channels without a subscriber that one connection may subscribe to in a second, after a burst of channelsPerConnection; one more is refused.',
  },
  channels: {
    default: null,
    max: million,
    unit: 'channels',
    meaning: 'Occupied channels of the app on each node; a subscription to one more is refused.',
  },
  appNewChannelsPerSecond: {
    default: null,
    max: million,
    unit: 'channels',
    meaning:
      'Channels without a subscriber that all connections of the app may subscribe to in a second on each node, after a burst of ten times as many; one more is refused.',
  },
  channelsPerAnswer: {
    default: 100_000,
    max: million,
    unit: 'channels',
    meaning:
      'Channels in one response to GET /apps/ID/channels; if there are more, the backend has to request them page by page.',
  },
  connections: {
    default: null,
    max: million,
    unit: 'connections',
    meaning: 'Connections of the app, on all nodes; one more is refused with 4004.',
  },
  triggersPerSecond: {
    default: null,
    max: million,
    unit: 'events',
    meaning:
      'Events that backends publish in any second; each item of a batch counts, and one more is refused with 429.',
  },
} as const satisfies Record<string, Limit>;

/** The name of a limit. */
export type LimitName = keyof typeof limitTable;

/** A value for each limit. */
export type ForEachLimit<Value> = { readonly [Name in LimitName]: Value };

/** The limits of an app. Infinity means no limit. */
export type Limits = ForEachLimit<number>;

/** Limits as written in a configuration, where null means no limit. */
export type WrittenLimits = ForEachLimit<number | null>;

/** Makes a value for each limit, in the order of the table. */
export function forEachLimit<Value>(make: (limit: Limit, name: LimitName) => Value): ForEachLimit<Value> {
  const entries = limitNames.map((name) => [name, make(limitTable[name], name)]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- there is an entry for every name
  return Object.fromEntries(entries) as ForEachLimit<Value>;
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table has no other keys
const limitNames = Object.keys(limitTable) as readonly LimitName[];

/** The effective limits of an app: its own, or else the common ones. Undefined means not given. */
export function resolveLimits(
  common: WrittenLimits,
  own: { readonly [Name in LimitName]?: number | null | undefined } = {},
): Limits {
  return forEachLimit((_, name) => (own[name] === undefined ? common[name] : own[name]) ?? Infinity);
}

/** The limits in the form of a configuration. */
export function writeLimits(limits: Limits): WrittenLimits {
  return forEachLimit((_, name) => (limits[name] === Infinity ? null : limits[name]));
}

/** The limits that apply unless others are configured. */
export const defaultLimits: Limits = resolveLimits(forEachLimit((limit) => limit.default));
