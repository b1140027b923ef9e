/** One limit, and all that is known of it: the schema, the types, the resolution and the README follow from this. */
export interface Limit {
  /** Null is no limit. */
  readonly default: number | null;
  /** The most that can be configured. */
  readonly max: number;
  /** What is counted, as in "a whole number of bytes". */
  readonly unit: string;
  /** One sentence for whoever configures it. */
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
      'Messages that one connection may go on sending, client events within their limit not counted; one that is no message of the protocol counts as ten.',
  },
  messageBurst: {
    default: 5000,
    max: million,
    unit: 'messages',
    meaning:
      'The same at once, such as the subscriptions of a client that comes back; then it is closed with 4100.',
  },
  bytesPerSecond: {
    default: 256 * 1024,
    max: 1024 * mebibyte,
    unit: 'bytes',
    meaning:
      'Bytes of messages that one connection may go on sending, counted as inflated, client events within their limit not counted.',
  },
  byteBurst: {
    default: 4 * mebibyte,
    max: 1024 * mebibyte,
    unit: 'bytes',
    meaning:
      'The same at once, and never less than two of the largest messages; then it is closed with 4100.',
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
    meaning: 'Channels that one connection is subscribed to; one more is refused.',
  },
  newChannelsPerSecond: {
    default: 100,
    max: million,
    unit: 'channels',
    meaning:
      'Channels without a subscriber that one connection comes to in a second, besides channelsPerConnection of them at once; one more is refused.',
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
      'Channels without a subscriber that all connections of the app come to in a second on each node, ten times as many at once; one more is refused.',
  },
  channelsPerAnswer: {
    default: 100_000,
    max: million,
    unit: 'channels',
    meaning:
      'Channels in one answer to GET /apps/ID/channels; if there are more, the backend has to ask for pages.',
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
      'Events that backends publish in any second, each item of a batch one; one more is refused with 429.',
  },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof limitTable;

/** Something for each limit. */
export type ForEachLimit<Value> = { readonly [Name in LimitName]: Value };

/** What an app accepts. Infinity is "no limit". */
export type Limits = ForEachLimit<number>;

/** Limits as they are written in a configuration, where null is "no limit". */
export type WrittenLimits = ForEachLimit<number | null>;

/** Makes something for each limit, in the order of the table. */
export function forEachLimit<Value>(make: (limit: Limit, name: LimitName) => Value): ForEachLimit<Value> {
  const entries = limitNames.map((name) => [name, make(limitTable[name], name)]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- there is an entry for every name
  return Object.fromEntries(entries) as ForEachLimit<Value>;
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table has no other keys
const limitNames = Object.keys(limitTable) as readonly LimitName[];

/** The limits that hold for an app: its own over the common ones. What is undefined is not given. */
export function resolveLimits(
  common: WrittenLimits,
  own: { readonly [Name in LimitName]?: number | null | undefined } = {},
): Limits {
  return forEachLimit((_, name) => (own[name] === undefined ? common[name] : own[name]) ?? Infinity);
}

/** The limits as a configuration would have them. */
export function writeLimits(limits: Limits): WrittenLimits {
  return forEachLimit((_, name) => (limits[name] === Infinity ? null : limits[name]));
}

/** The limits that hold unless others are configured. */
export const defaultLimits: Limits = resolveLimits(forEachLimit((limit) => limit.default));
