import type { LimitName, Limits } from './limits.ts';

/**
 * Size bounds, in bytes, for what is read, sent and kept. They follow from the limits: every message that the limits accept
 * fits, however a client writes it.
 */

/** Frames up to this size are read under any limits, so that a client whose message is slightly too large gets an error. */
export const leastFrameBytes = 256 * 1024;
/** Request bodies up to this size are read under any limits. */
export const leastBodyBytes = 1024 * 1024;

/** The largest message. Limits that need larger ones are rejected; without a limit, this is the bound. */
export const mostMessageBytes = 32 * 1024 * 1024;
/** The same for request bodies. */
export const mostBodyBytes = 128 * 1024 * 1024;

/** The most that one byte or character of a text takes in JSON: a control character is written `\u0000`. */
const escaped = 6;
/** The same for a JSON text inside a JSON string: the backslash is escaped once more. */
const escapedTwice = 7;
/** Room for everything around the values of a message: braces, keys, an `auth`, a socket id. */
const envelopeBytes = 1024;

/** The largest size that some limits allow. */
export interface Largest {
  /** Infinity without a limit. */
  readonly bytes: number;
  /** The limits that cause it, the most important first. */
  readonly limits: readonly LimitName[];
}

/** The largest message that a client may send or receive, apart from member lists. */
export function largestMessage(limits: Limits): Largest {
  const { channelNameLength, userIdLength, userInfoBytes, watchlist } = limits;
  return largestOf([
    { bytes: eventBytes(limits), limits: ['eventDataBytes', 'eventNameLength'] },
    {
      bytes: envelopeBytes + escapedTwice * (userInfoBytes + userIdLength + channelNameLength),
      limits: ['userInfoBytes', 'userIdLength', 'channelNameLength'],
    },
    {
      // The ids of watchable users need no escapes; only the quotation marks around them do.
      bytes: envelopeBytes + escapedTwice * (userInfoBytes + userIdLength) + watchlist * (userIdLength + 5),
      limits: ['watchlist', 'userIdLength', 'userInfoBytes'],
    },
  ]);
}

/** The largest body that a backend may send: a full batch, or one event for the maximum number of channels. */
export function largestBody(limits: Limits): Largest {
  const { eventDataBytes, eventNameLength, channelNameLength, channelsPerTrigger, eventsPerBatch } = limits;
  const event = envelopeBytes + escaped * (eventDataBytes + eventNameLength);
  const channel = escaped * channelNameLength + 3;
  return largestOf([
    { bytes: eventsPerBatch * (event + channel), limits: ['eventDataBytes', 'eventsPerBatch'] },
    { bytes: event + channelsPerTrigger * channel, limits: ['channelsPerTrigger', 'channelNameLength'] },
  ]);
}

/** The largest size of one message, sent or received. */
export function messageBytes(limits: Limits): number {
  return Math.min(largestMessage(limits).bytes, mostMessageBytes);
}

/** The largest frame that is read from a client. */
export function frameBytes(limits: Limits): number {
  return Math.max(leastFrameBytes, messageBytes(limits));
}

/** The largest request body that is read. */
export function bodyBytes(limits: Limits): number {
  // Without a limit on data, a single event must still fit into a message.
  if (limits.eventDataBytes === Infinity) return mostMessageBytes;
  return Math.max(leastBodyBytes, Math.min(largestBody(limits).bytes, mostBodyBytes));
}

/** The size of one event in a message or, for a client event, in a webhook. */
export function eventBytes(limits: Limits): number {
  const { eventDataBytes, eventNameLength, channelNameLength, userIdLength } = limits;
  const bytes = eventDataBytes + eventNameLength + channelNameLength + userIdLength;
  return envelopeBytes + escaped * bytes;
}

/**
 * The largest frame that the network layer reads at all, for a server that starts with these apps. It cannot be changed
 * later, and is well above what any of the apps accepts. A client that sends more is disconnected without an error message;
 * a client that sends less than this but more than its app accepts gets one. `maxBackpressureBytes` may wait for a client
 * anyway, and an app that is added later cannot need larger messages.
 */
export function frameCeilingBytes(
  apps: Iterable<{ readonly limits: Limits }>,
  maxBackpressureBytes: number,
): number {
  let ceiling = maxBackpressureBytes;
  for (const { limits } of apps) ceiling = Math.max(ceiling, 2 * frameBytes(limits));
  return Math.max(ceiling, 4 * leastFrameBytes);
}

/** The size of the member list that each new member receives, unescaped: every id twice, every `user_info` once. */
export function memberListBytes({ presenceMembers, userIdLength, userInfoBytes }: Limits): number {
  return presenceMembers * (2 * userIdLength + userInfoBytes);
}

function largestOf(candidates: readonly Largest[]): Largest {
  return candidates.reduce((largest, one) => (one.bytes > largest.bytes ? one : largest));
}
