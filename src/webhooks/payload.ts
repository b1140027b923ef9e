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

/** That of a delivery of an endpoint. */
export interface BegunPayload extends Payload {
  /** Deliveries of the endpoint that had begun with it, this one included; 0: another process began it. */
  readonly begun: number;
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

/** Which attempt it is. */
export interface AttemptNumber {
  /** Counted from 1. */
  readonly attempt: number;
  /** In which life of the state it is made; undefined: no server makes it. */
  readonly epoch?: string;
  /** Which resend of something lost it is, counted from 1; undefined: none. */
  readonly resend?: number;
  /** It is a test that somebody asked for: nothing has happened. */
  readonly isTest?: boolean;
}

/**
 * The headers of one attempt. Signs the very bytes that are sent (Soketify: "HMAC-SHA256 hex digest of the raw POST body, signed with
 * your App Secret"), with the key and the headers that are configured now. `Content-Type` is exactly
 * `application/json`: a receiver compares. Custom headers come first, so that they cannot replace these.
 * `webhook-id` and `webhook-timestamp` are those of the Standard Webhooks specification.
 */
export function attemptHeaders(
  app: { readonly key: string; readonly secret: string },
  endpoint: Pick<Endpoint, 'headers' | 'standardSignature'>,
  { id, timeMs, body }: Payload,
  { attempt, epoch, resend, isTest }: AttemptNumber,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(timeMs / 1000));
  // One after the other: to spread parts that may be absent costs more than all the rest of an attempt's head.
  const headers: Record<string, string> = { ...endpoint.headers };
  headers['Content-Type'] = 'application/json';
  Object.assign(headers, signatureHeaders(app, body));
  headers['webhook-id'] = id;
  headers['webhook-timestamp'] = timestamp;
  if (endpoint.standardSignature === true) {
    headers['webhook-signature'] = standardSignature(app.secret, { id, timestamp, body });
  }
  headers['X-Soketify-Attempt'] = String(attempt);
  if (epoch !== undefined) headers['X-Soketify-Epoch'] = epoch;
  if (resend !== undefined) headers['X-Soketify-Resend'] = String(resend);
  if (isTest === true) headers['X-Soketify-Test'] = '1';
  return headers;
}
