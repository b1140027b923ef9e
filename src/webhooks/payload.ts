import { signatureHeaders } from '../auth/webhook-signature.ts';
import type { Endpoint } from './endpoint.ts';

/** What of a delivery is the same on every attempt: the bytes, and the headers that vouch for them. */
export interface SignedPayload {
  readonly id: string;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** The parts of a payload that are known once it is to be sent for the first time. */
export interface PayloadParts {
  /** The delivery's id, for receivers to drop duplicates by. */
  readonly id: string;
  /** Time of day of the first attempt, in milliseconds. */
  readonly timeMs: number;
  /** The events as JSON objects, in order. */
  readonly events: readonly string[];
}

/**
 * Makes the body once and signs the very bytes that are sent (Soketify: "HMAC-SHA256 hex digest of the raw
 * POST body, signed with your App Secret"). `Content-Type` is exactly `application/json`: a receiver
 * compares. Custom headers come first, so that they cannot replace these. `webhook-id` and
 * `webhook-timestamp` are those of the Standard Webhooks specification.
 */
export function signPayload(
  app: { readonly key: string; readonly secret: string },
  endpoint: Pick<Endpoint, 'headers'>,
  parts: PayloadParts,
): SignedPayload {
  const body = Buffer.from(`{"time_ms":${parts.timeMs},"events":[${parts.events.join(',')}]}`);
  const headers = {
    ...endpoint.headers,
    'Content-Type': 'application/json',
    ...signatureHeaders(app, body),
    'webhook-id': parts.id,
    'webhook-timestamp': String(Math.floor(parts.timeMs / 1000)),
  };
  return { id: parts.id, body, headers };
}
