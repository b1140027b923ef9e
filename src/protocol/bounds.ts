import type { LimitName, Limits } from './limits.ts';

/**
 * Bounds of what is read, sent and kept, as they follow from the limits: whatever the limits accept fits, in whichever
 * way a client writes it. All of them are in bytes.
 */

/** Frames up to this size are read under any limits: who sends somewhat too much is told what is wrong with it. */
export const leastFrameBytes = 256 * 1024;
/** Request bodies up to this size are read under any limits. */
export const leastBodyBytes = 1024 * 1024;

/** No message is larger, and no limits that need larger ones are accepted; where there is no limit, this is the bound. */
export const mostMessageBytes = 32 * 1024 * 1024;
/** The same of request bodies. */
export const mostBodyBytes = 128 * 1024 * 1024;

/** The most that one byte or character of a text takes in JSON: a control character is written `\u0000`. */
const escaped = 6;
/** The same in the JSON of a text that is JSON itself: the backslash is escaped once more. */
const escapedTwice = 7;
/** What stands around the values of any message: braces, keys, an `auth`, a socket id. */
const envelopeBytes = 1024;

/** The largest of something that some limits allow. */
export interface Largest {
  /** Infinity without a limit. */
  readonly bytes: number;
  /** The limits that it comes from, the one that matters most first. */
  readonly limits: readonly LimitName[];
}

/** The largest message that a client may send or be sent, lists of members apart. */
export function largestMessage(limits: Limits): Largest {
  const { channelNameLength, userIdLength, userInfoBytes, watchlist } = limits;
  return largestOf([
    { bytes: eventBytes(limits), limits: ['eventDataBytes', 'eventNameLength'] },
    {
      bytes: envelopeBytes + escapedTwice * (userInfoBytes + userIdLength + channelNameLength),
      limits: ['userInfoBytes', 'userIdLength', 'channelNameLength'],
    },
    {
      // The ids of users that can be watched need no escape; each stands in quotation marks that do.
      bytes: envelopeBytes + escapedTwice * (userInfoBytes + userIdLength) + watchlist * (userIdLength + 5),
      limits: ['watchlist', 'userIdLength', 'userInfoBytes'],
    },
  ]);
}

/** The largest body that a backend may send: a full batch, or one event for as many channels as may be. */
export function largestBody(limits: Limits): Largest {
  const { eventDataBytes, eventNameLength, channelNameLength, channelsPerTrigger, eventsPerBatch } = limits;
  const event = envelopeBytes + escaped * (eventDataBytes + eventNameLength);
  const channel = escaped * channelNameLength + 3;
  return largestOf([
    { bytes: eventsPerBatch * (event + channel), limits: ['eventDataBytes', 'eventsPerBatch'] },
    { bytes: event + channelsPerTrigger * channel, limits: ['channelsPerTrigger', 'channelNameLength'] },
  ]);
}

/** What one message may take, sent or received. */
export function messageBytes(limits: Limits): number {
  return Math.min(largestMessage(limits).bytes, mostMessageBytes);
}

/** The largest frame of a client that is read. */
export function frameBytes(limits: Limits): number {
  return Math.max(leastFrameBytes, messageBytes(limits));
}

/** The largest body of a request that is read. */
export function bodyBytes(limits: Limits): number {
  // Without a limit on data, a single event must still fit into a message.
  if (limits.eventDataBytes === Infinity) return mostMessageBytes;
  return Math.max(leastBodyBytes, Math.min(largestBody(limits).bytes, mostBodyBytes));
}

/** One event as it stands in a message or, sent by a client, in a webhook. */
export function eventBytes(limits: Limits): number {
  const { eventDataBytes, eventNameLength, channelNameLength, userIdLength } = limits;
  const bytes = eventDataBytes + eventNameLength + channelNameLength + userIdLength;
  return envelopeBytes + escaped * bytes;
}

/**
 * The largest frame that the network's side takes in at all, for a server that starts with these apps. It cannot be
 * changed later, and is well above what any of the apps accepts: a client that sends more is cut off unheard, while one
 * between both bounds is told. `maxBackpressureBytes` is what may wait for a client anyway, and no app that is added
 * later may need larger messages.
 */
export function frameCeilingBytes(
  apps: Iterable<{ readonly limits: Limits }>,
  maxBackpressureBytes: number,
): number {
  let ceiling = maxBackpressureBytes;
  for (const { limits } of apps) ceiling = Math.max(ceiling, 2 * frameBytes(limits));
  return Math.max(ceiling, 4 * leastFrameBytes);
}

/** The list of members that each new one is sent, unescaped: every id twice, every `user_info` once. */
export function memberListBytes({ presenceMembers, userIdLength, userInfoBytes }: Limits): number {
  return presenceMembers * (2 * userIdLength + userInfoBytes);
}

function largestOf(candidates: readonly Largest[]): Largest {
  return candidates.reduce((largest, one) => (one.bytes > largest.bytes ? one : largest));
}
