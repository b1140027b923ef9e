import { clip } from './clip.ts';
import { maskDigests } from './mask-credentials.ts';
import type { ErrorReason } from './refusals.ts';
import type { SocketId } from './socket-id.ts';
import type { Filling } from './token-bucket.ts';

/**
 * An error that is sent to a client. A code in 4000-4299 closes the connection. An error that leaves the connection open has
 * code null or 43xx, because clients act on codes by range: after 4000-4099 they do not reconnect unchanged, after 4100-4199
 * they reconnect after a second or more, after 4200-4299 immediately.
 */
export interface ProtocolError {
  readonly code: number | null;
  readonly message: string;
  /** A short identifier of the error for metrics and logs; it is not sent to the client. */
  readonly reason: ErrorReason;
  /** Replaces the message in logs, if the message quotes something that must not be logged. */
  readonly logMessage?: string;
}

/** An error that ends the connection: sent as `pusher:error`, then as the close frame's code and reason. */
export interface ClosingError extends ProtocolError {
  readonly code: number;
}

/** No app has this key, by a mistake of the operator or of the client. The client must not try again. */
export function unknownKey(key: string): ClosingError {
  return {
    code: 4001,
    reason: 'unknown_key',
    message: `App key ${clip(key)} not in this cluster. Did you forget to specify the cluster?`,
  };
}

/** The app accepts only TLS connections. pusher-js switches to wss:// and reconnects immediately. */
export const tlsRequired: ClosingError = {
  code: 4000,
  reason: 'tls_required',
  message: 'Application only accepts SSL connections, reconnect using wss://',
};

/** The operator has switched the app off. The client must not try again. */
export const appDisabled: ClosingError = {
  code: 4003,
  reason: 'app_disabled',
  message: 'Application disabled',
};

/** The app has reached its maximum number of connections. The client must not try again. */
export function overConnectionQuota(limit: number): ClosingError {
  return {
    code: 4004,
    reason: 'over_quota',
    message: `Application is over connection quota: it has ${limit} connections, the most that are accepted`,
  };
}

/** The node has reached its maximum number of connections. The client may reconnect after a second, perhaps to another node. */
export function serverFull(limit: number): ClosingError {
  return {
    code: 4100,
    reason: 'server_full',
    message: `Over capacity: the server has ${limit} connections, the most that are accepted`,
  };
}

/** The client's address has reached its maximum number of connections. */
export function addressFull(limit: number): ClosingError {
  return {
    code: 4100,
    reason: 'address_full',
    message: `Over capacity: your address has ${limit} connections, the most that are accepted`,
  };
}

/** Too many clients connect from one address in a short time. */
export function addressTooFast(perSecond: number): ClosingError {
  return {
    code: 4100,
    reason: 'address_too_fast',
    message: `Over capacity: at most ${perSecond} new connections a second are accepted from your address`,
  };
}

/** WebSockets are not served at this path. The client must not try again. */
export function pathNotFound(path: string): ClosingError {
  return {
    code: 4005,
    reason: 'path_not_found',
    message: `Path not found: got ${clip(path)}, expected /app/KEY`,
  };
}

/** The origin of the connecting page is not allowed. The client must not try again. */
export function originNotAllowed(origin: string): ClosingError {
  return { code: 4009, reason: 'origin_not_allowed', message: `Origin not allowed: ${clip(origin)}` };
}

/** A backend has terminated all connections of the user. The client must not reconnect by itself. */
export const terminated: ClosingError = {
  code: 4009,
  reason: 'terminated',
  message: 'You got disconnected by the app.',
};

/** The client uses an unsupported version of the protocol. The client must not try again. */
export function unsupportedProtocol(got: string): ClosingError {
  return {
    code: 4007,
    reason: 'unsupported_protocol',
    message: `Unsupported protocol version: got '${clip(got)}', expected 4 to 7`,
  };
}

/** The client reads more slowly than its channels publish, and the data that waits for it has reached the bound. */
export const slowClient: ClosingError = {
  code: 4100,
  reason: 'slow_client',
  message: 'Connection is too slow: too much data waits to be read',
};

/** The client sent too many frames while one of its subscriptions was still pending. */
export const tooManyPendingFrames: ClosingError = {
  code: 4100,
  reason: 'too_many_pending',
  message: 'Too many messages while an earlier one is being processed',
};

/** The client sends more messages than a connection may send. It may reconnect after a second. */
export function tooManyMessages({ perSecond, burst }: Filling): ClosingError {
  return {
    code: 4100,
    reason: 'too_many_messages',
    message: `Too many messages: at most ${perSecond} a second are accepted, and ${burst} at once; send fewer`,
  };
}

/** The client sends more bytes than a connection may send. It may reconnect after a second. */
export function tooManyBytes({ perSecond, burst }: Filling): ClosingError {
  return {
    code: 4100,
    reason: 'too_many_bytes',
    message: `Too much data: at most ${perSecond} bytes a second are accepted, and ${burst} at once; send less`,
  };
}

/**
 * The client sent a frame above the bound that follows from the limits of its app. It may reconnect after a second: only the
 * frame that was too large is lost. `bytes` is undefined if the connection was closed before the frame was read; the client
 * does not receive this error then.
 */
export function frameTooLarge(bytes: number | undefined, limit: number): ClosingError {
  return {
    code: 4100,
    reason: 'frame_too_large',
    message:
      bytes === undefined
        ? `Message is far too large, or cannot be decompressed: at most ${limit} bytes are accepted; the connection was cut`
        : `Message is too large: got ${bytes} bytes, at most ${limit} are accepted`,
  };
}

/** The server is shutting down. The client may reconnect immediately. */
export const serverClosing: ClosingError = {
  code: 4200,
  reason: 'server_closing',
  message: 'Server closed. Please reconnect shortly.',
};

/** The client did not answer a ping. It may reconnect immediately. */
export const pongNotReceived: ClosingError = {
  code: 4201,
  reason: 'pong_not_received',
  message: 'Pong reply not received',
};

/** The frame is not part of the protocol. The connection stays open. */
export const invalidMessageFormat: ProtocolError = {
  code: null,
  reason: 'invalid_message',
  message: 'Invalid message format',
};

/** Binary frames are not part of the protocol. */
export const binaryNotSupported: ProtocolError = {
  code: null,
  reason: 'binary_message',
  message: 'Invalid message format: binary frames are not supported, send text',
};

/** The event name belongs to the protocol, but clients cannot send it. */
export function unknownEvent(event: string): ProtocolError {
  return {
    code: null,
    reason: 'unknown_event',
    message: `Unknown event '${clip(event)}': clients send pusher: events of the protocol and client- events`,
  };
}

/** The channel name of a subscription is invalid. */
export function invalidChannel(why: string): ProtocolError {
  return { code: null, reason: 'invalid_channel', message: why };
}

/** The connection is already subscribed to the channel. Nothing changes. */
export function alreadySubscribed(channel: string): ProtocolError {
  return { code: null, reason: 'already_subscribed', message: `Existing subscription to channel ${channel}` };
}

/** The key in `auth` does not belong to this app. */
export function wrongAuthKey(key: string): ProtocolError {
  return {
    code: null,
    reason: 'wrong_key',
    message: `Invalid key in subscription auth data: '${clip(key)}'`,
  };
}

/** The signature in `auth` does not match the text that should have been signed. */
export function wrongAuthSignature(signed: string, got: string): ProtocolError {
  return {
    code: null,
    reason: 'wrong_signature',
    message: `Invalid signature: Expected HMAC SHA256 hex digest of ${clip(signed, 2000)}, but got ${clip(got)}`,
    // The signed text contains the user's info, and the received signature may be a valid one of another text.
    logMessage: `Invalid signature: it was not made with the app's secret, or it signs another text. The error sent to the client contains the text to sign`,
  };
}

/** `auth` is missing or does not have the form `KEY:SIGNATURE`. */
export function missingAuth(channel: string): ProtocolError {
  return {
    code: null,
    reason: 'missing_auth',
    message: `Invalid auth for channel ${channel}: expected 'KEY:SIGNATURE', which your server's channel authorization endpoint returns`,
  };
}

/** A server-to-user channel is only for the signed-in user it belongs to. */
export function notSignedInAs(channel: string): ProtocolError {
  return {
    code: null,
    reason: 'not_signed_in',
    message: `Not authorized to subscribe to ${channel}: the connection is not signed in as that user`,
  };
}

/** A presence subscription does not name a member, and the connection is not signed in. */
export const noMember: ProtocolError = {
  code: null,
  reason: 'invalid_channel_data',
  message:
    'Invalid channel_data: a presence channel needs it, with a user_id, unless the connection is signed in',
};

/** The connection has reached its maximum number of channels. The client should leave some, or open another connection. */
export function channelLimit(channel: string, limit: number): ProtocolError {
  return {
    code: null,
    reason: 'channel_limit',
    message: `Cannot subscribe to ${channel}: the connection has ${limit} channels, the most that are accepted. Unsubscribe from some first`,
  };
}

/** The connection subscribes to unoccupied channels faster than allowed. The client should try again later. */
export function channelRate(channel: string, limit: number): ProtocolError {
  return {
    code: null,
    reason: 'channel_rate',
    message: `Cannot subscribe to ${channel}: the connection subscribes to too many new channels, at most ${limit} a second are accepted. Try again in a second`,
  };
}

/** The app has reached its maximum number of occupied channels on this node. Occupied channels still accept subscribers. */
export function appChannelLimit(channel: string, limit: number): ProtocolError {
  return {
    code: null,
    reason: 'app_channel_limit',
    message: `Cannot subscribe to ${channel}: the application has ${limit} occupied channels here, the most that are accepted. Try again when some are vacated`,
  };
}

/** All connections of the app together subscribe to unoccupied channels faster than allowed. The client should try again later. */
export function appChannelRate(channel: string, limit: number): ProtocolError {
  return {
    code: null,
    reason: 'app_channel_rate',
    message: `Cannot subscribe to ${channel}: the application subscribes to too many new channels, at most ${limit} a second are accepted here. Try again in a second`,
  };
}

/** The channel data of a presence subscription cannot be used. */
export function invalidChannelData(why: string): ProtocolError {
  return { code: null, reason: 'invalid_channel_data', message: `Invalid channel_data: ${why}` };
}

/** The presence channel is full. */
export function memberLimit(channel: string, limit: number): ProtocolError {
  return {
    code: null,
    reason: 'member_limit',
    message: `Channel ${channel} is full: it has ${limit} members, the most that are accepted`,
  };
}

/** Client events are disabled for the app. */
export const clientEventsDisabled: ProtocolError = {
  code: null,
  reason: 'client_events_disabled',
  message: 'To send client events, you must enable this feature in the Settings page of your dashboard.',
};

/** A client event was sent to a channel that is neither private nor presence. */
export const clientEventOnPublic: ProtocolError = {
  code: null,
  reason: 'channel_not_private',
  message: 'Client event rejected - only supported on private and presence channels',
};

/** A client event was sent to a channel to which its sender is not subscribed. */
export const clientEventUnsubscribed: ProtocolError = {
  code: null,
  reason: 'not_subscribed',
  message: "Client event rejected - you didn't subscribe this channel",
};

/** A client event has no channel, or its channel is not a string. */
export const clientEventWithoutChannel: ProtocolError = {
  code: null,
  reason: 'missing_channel',
  message: 'Client event rejected - channel is missing or not a string',
};

/** The name of a client event is too long. */
export function clientEventNameTooLong(limit: number): ProtocolError {
  return {
    code: null,
    reason: 'name_too_long',
    message: `Client event rejected - the event name is longer than ${limit} characters`,
  };
}

/** The connection sends more client events in a second than allowed. The sender should slow down. */
export const clientEventRate: ProtocolError = {
  code: 4301,
  reason: 'rate_limit',
  message: 'Client event rejected due to rate limit',
};

/** The error text for event data above the limit, for clients and for the HTTP API. */
export function dataTooLargeText(limit: number): string {
  return `The data content of this event exceeds the allowed maximum (${limit} bytes). See https://pusher.com/docs/channels/server_api/http-api#publishing-events for more info`;
}

/** Event data above the limit. */
export function dataTooLarge(limit: number): ProtocolError {
  return { code: null, reason: 'data_too_large', message: dataTooLargeText(limit) };
}

/** The `user_data` of a sign-in cannot be used. */
export function invalidUserData(why: string): ProtocolError {
  return { code: null, reason: 'invalid_user_data', message: `Invalid user_data: ${why}` };
}

/** A sign-in has no `user_data`, or its `user_data` is not a string. */
export const userDataMissing: ProtocolError = invalidUserData(
  'expected a string, the JSON text of an object',
);

/** `auth` of a sign-in is missing or does not have the form `KEY:SIGNATURE`. */
export const missingUserAuth: ProtocolError = {
  code: null,
  reason: 'missing_auth',
  message:
    "Invalid auth for sign-in: expected 'KEY:SIGNATURE', which your server's user authentication endpoint returns",
};

/** The key in `auth` of a sign-in does not belong to this app. */
export function wrongUserAuthKey(key: string): ProtocolError {
  return { code: null, reason: 'wrong_key', message: `Invalid key in user auth data: '${clip(key)}'` };
}

/** The connection is already signed in as another user. */
export function signedInAsOther(userId: string): ProtocolError {
  return {
    code: null,
    reason: 'signed_in_as_other',
    message: `Connection is already signed in as another user, '${clip(userId)}'`,
  };
}

/** The watchlist is longer than allowed. The rest of the sign-in takes effect. */
export function watchlistLimit(limit: number): ProtocolError {
  return {
    code: 4302,
    reason: 'watchlist_limit',
    message: `Watchlist limit exceeded; first ${limit} user IDs accepted`,
  };
}

/** The string that authorizes a subscription, for use in an error message. */
export function describeSigned(socketId: SocketId, channel: string, channelData: string | undefined): string {
  return channelData === undefined ? `${socketId}:${channel}` : `${socketId}:${channel}:${channelData}`;
}

/** The error as it is logged. */
export function loggedError({ code, message, logMessage, reason }: ProtocolError): {
  readonly code?: number;
  readonly reason: ErrorReason;
  readonly error: string;
} {
  return { ...(code !== null && { code }), reason, error: clip(maskDigests(logMessage ?? message), 500) };
}
