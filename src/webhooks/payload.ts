import { signatureHeaders, standardSignature } from '../auth/webhook-signature.ts';
import type { Endpoint } from './endpoint.ts';

/** What of a delivery is the same on every attempt, whatever becomes of the configuration meanwhile. */
export interface Payload {
  /** The delivery's id, for receivers to drop duplicates by. */
  readonly id: string;
  /** Time of day of the first attempt, in milliseconds. */
  readonly timeMs: number;
  readonly body: Uint8Array;
}

/** The parts of a payload that are known once it is to be sent for the first time. */
export interface PayloadParts extends Omit<Payload, 'body'> {
  /** The events as JSON objects, in order. */
  readonly events: readonly string[];
}

/** Makes the body, once. */
export function createPayload({ id, timeMs, events }: PayloadParts): Payload {
  return { id, timeMs, body: Buffer.from(`{"time_ms":${timeMs},"events":[${events.join(',')}]}`) };
}

/**
 * Signs the very bytes that are sent (Soketify: "HMAC-SHA256 hex digest of the raw POST body, signed with
 * your App Secret"), with the key and the headers that are configured now. `Content-Type` is exactly
 * `application/json`: a receiver compares. Custom headers come first, so that they cannot replace these.
 * `webhook-id` and `webhook-timestamp` are those of the Standard Webhooks specification.
 */
export function signedHeaders(
  app: { readonly key: string; readonly secret: string },
  endpoint: Pick<Endpoint, 'headers' | 'standardSignature'>,
  { id, timeMs, body }: Payload,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(timeMs / 1000));
  return {
    ...endpoint.headers,
    'Content-Type': 'application/json',
    ...signatureHeaders(app, body),
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    ...(endpoint.standardSignature === true && {
      'webhook-signature': standardSignature(app.secret, { id, timestamp, body }),
    }),
  };
}

/** The headers of one attempt: which it is, counted from 1, and in which life of the state it is made. */
export function attemptHeaders(
  signed: Readonly<Record<string, string>>,
  attempt: number,
  epoch: string,
): Readonly<Record<string, string>> {
  return { ...signed, 'X-Soketify-Attempt': String(attempt), 'X-Soketify-Epoch': epoch };
}
