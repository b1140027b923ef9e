/**
 * The reasons for refusals, as short identifiers for metrics and logs. Each kind of refusal has a closed set. For a refused
 * request the reason follows from the status.
 */
export const refusalReasons = {
  connection: [
    'unknown_key',
    'app_disabled',
    'tls_required',
    'origin_not_allowed',
    'unsupported_protocol',
    'over_quota',
    'server_full',
    'address_full',
    'address_too_fast',
    'path_not_found',
    'server_closing',
  ],
  subscription: [
    'invalid_channel',
    'already_subscribed',
    'missing_auth',
    'wrong_key',
    'wrong_signature',
    'not_signed_in',
    'invalid_channel_data',
    'member_limit',
    'channel_limit',
    'channel_rate',
    'app_channel_limit',
    'app_channel_rate',
  ],
  signin: ['missing_auth', 'wrong_key', 'wrong_signature', 'invalid_user_data', 'signed_in_as_other'],
  client_event: [
    'client_events_disabled',
    'channel_not_private',
    'not_subscribed',
    'name_too_long',
    'data_too_large',
    'rate_limit',
  ],
  /** A frame that is not a command of the protocol. */
  message: [
    'invalid_message',
    'binary_message',
    'unknown_event',
    'missing_channel',
    'invalid_user_data',
    'frame_too_large',
    'too_many_messages',
    'too_many_bytes',
  ],
  request: [
    'bad_request',
    'unauthorized',
    'forbidden',
    'not_found',
    'method_not_allowed',
    'timeout',
    'too_large',
    'upgrade_required',
    'rate_limit',
    'internal_error',
    'unavailable',
    'other',
  ],
} as const;

/** The kinds of things that can be refused. */
export type RefusalKind = keyof typeof refusalReasons;

/** Why something is refused. */
export type RefusalReason = (typeof refusalReasons)[RefusalKind][number];

/** The reason of an error that a client receives: a refusal, or the end of a connection that was accepted. */
export type ErrorReason =
  | RefusalReason
  | 'slow_client'
  | 'too_many_pending'
  | 'pong_not_received'
  | 'terminated'
  | 'watchlist_limit'
  | 'injected_fault';

const requestReasons: ReadonlyMap<number, RefusalReason> = new Map([
  [400, 'bad_request'],
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'not_found'],
  [405, 'method_not_allowed'],
  [408, 'timeout'],
  [413, 'too_large'],
  [426, 'upgrade_required'],
  [429, 'rate_limit'],
  [431, 'too_large'],
  [500, 'internal_error'],
  [503, 'unavailable'],
]);

/** The reason of a request that is refused with this status. */
export function requestReason(status: number): RefusalReason {
  return requestReasons.get(status) ?? 'other';
}
