import type { ChannelName } from './channel-name.ts';
import type { ProtocolError } from './errors.ts';
import { jsonText } from './json-text.ts';
import type { ReadonlyRoster, RosterMember } from './roster.ts';
import type { SocketId } from './socket-id.ts';

/**
 * Frames to clients. `data` is a string everywhere (typed clients read nothing else) except in `pusher:error`, where clients
 * expect an object. Channel names need no escaping because their characters have been checked.
 */

/** The first frame of a connection. `activityTimeout` is in seconds; pusher-js fails when it is missing or 0. */
export function encodeConnectionEstablished(socketId: SocketId, activityTimeout: number): string {
  return `{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"${socketId}\\",\\"activity_timeout\\":${activityTimeout}}"}`;
}

export const pingFrame = '{"event":"pusher:ping","data":{}}';
export const pongFrame = '{"event":"pusher:pong","data":{}}';

export function encodeError(error: Pick<ProtocolError, 'code' | 'message'>): string {
  return JSON.stringify({ event: 'pusher:error', data: { message: error.message, code: error.code } });
}

/** `data` is present although it has no members, because some clients ignore the frame otherwise. */
export function encodeSubscriptionSucceeded(channel: ChannelName): string {
  return `{"event":"pusher_internal:subscription_succeeded","channel":"${channel}","data":"{}"}`;
}

/** The response to a presence subscription: all members, including the subscriber. */
export function encodePresence(channel: ChannelName, members: ReadonlyRoster): string {
  const { ids, hash } = members.encoded;
  const data = `{\\"presence\\":{\\"count\\":${members.size},\\"ids\\":[${ids}],\\"hash\\":{${hash}}}}`;
  return `{"event":"pusher_internal:subscription_succeeded","channel":"${channel}","data":"${data}"}`;
}

export function encodeMemberAdded(channel: ChannelName, member: RosterMember): string {
  const data = `{"user_id":${jsonText(member.userId)},"user_info":${member.infoJson}}`;
  return `{"event":"pusher_internal:member_added","channel":"${channel}","data":${JSON.stringify(data)}}`;
}

export function encodeMemberRemoved(channel: ChannelName, userId: string): string {
  const data = `{"user_id":${jsonText(userId)}}`;
  return `{"event":"pusher_internal:member_removed","channel":"${channel}","data":${JSON.stringify(data)}}`;
}

/** How many connections are subscribed to a channel. */
export function encodeSubscriptionCount(channel: ChannelName, count: number): string {
  return `{"event":"pusher_internal:subscription_count","channel":"${channel}","data":"{\\"subscription_count\\":${count}}"}`;
}

/** The response to a sign-in: the user data as received, in an object. */
export function encodeSigninSuccess(userData: string): string {
  return JSON.stringify({ event: 'pusher:signin_success', data: { user_data: userData } });
}

/** Which watched users are online and which are offline. A list without users is left out. */
export function encodeWatchlistEvents(users: {
  readonly online: readonly string[];
  readonly offline: readonly string[];
}): string {
  const events = (['online', 'offline'] as const)
    .filter((name) => users[name].length > 0)
    .map((name) => ({ name, user_ids: users[name] }));
  return JSON.stringify({ event: 'pusher_internal:watchlist_events', data: JSON.stringify({ events }) });
}

/** Reports a failed subscription to the listeners of the channel (soketi's frame, Echo's `.error()`). */
export function encodeSubscriptionError(
  channel: string,
  type: 'AuthError' | 'LimitReached' | 'InvalidChannel',
  error: Pick<ProtocolError, 'message'>,
): string {
  const status = type === 'AuthError' ? 401 : type === 'LimitReached' ? 4004 : 400;
  const data = JSON.stringify({ type, error: error.message, status });
  return JSON.stringify({ event: 'pusher:subscription_error', channel, data });
}

/** There is no cached event. `data` is included because some clients throw without it. */
export function encodeCacheMiss(channel: ChannelName): string {
  return `{"event":"pusher:cache_miss","channel":"${channel}","data":"{}"}`;
}

/**
 * Encodes a published event for each of its channels. The name and the data are encoded once, however many channels and
 * subscribers there are, and not at all if there are none. `userId` is the sender of a client event on a presence channel.
 */
export function eventEncoder(name: string, data: string, userId?: string): (channel: ChannelName) => string {
  let head: string | undefined;
  let tail: string | undefined;
  return (channel) => {
    head ??= `{"event":${jsonText(name)},"channel":"`;
    tail ??= `","data":${JSON.stringify(data)}${userId === undefined ? '' : `,"user_id":${jsonText(userId)}`}}`;
    return head + channel + tail;
  };
}
