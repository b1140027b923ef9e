import { signatureHeaders, standardSignature } from '../auth/webhook-signature.ts';
import type { Endpoint } from './endpoint.ts';

/** The parts of a delivery that stay the same in every attempt, even if the configuration changes. */
export interface Payload {
  /** The delivery's id, by which receivers detect duplicates. */
  readonly id: string;
  /** Time of day of the first attempt, in milliseconds. */
  readonly timeMs: number;
  readonly body: Uint8Array;
}

/** The payload of a delivery that this or another process has begun. */
export interface StartedPayload extends Payload {
  /** The number of deliveries of the endpoint that had begun, including this one; 0 if another process began it. */
  readonly deliveriesStarted: number;
}

/** The parts of a payload, known when it is sent for the first time. */
export interface PayloadParts extends Omit<Payload, 'body'> {
  /** The events as JSON objects, in order. */
  readonly events: readonly string[];
}

/** Builds the body, once for each delivery. */
export function createPayload({ id, timeMs, events }: PayloadParts): Payload {
  return { id, timeMs, body: Buffer.from(`{"time_ms":${timeMs},"events":[${events.join(',')}]}`) };
}

/** Identifies an attempt of a delivery. */
export interface AttemptNumber {
  /** Counted from 1. */
  readonly attempt: number;
  /** Time of day at which it is made, in milliseconds. */
  readonly atMs: number;
  /** The epoch of the state in which it is made; undefined if no server makes it. */
  readonly epoch?: string;
  /** The number of the resend of a lost delivery, counted from 1; undefined if it is not a resend. */
  readonly resend?: number;
  /** Whether it is a requested test: nothing has happened. */
  readonly isTest?: boolean;
}

/**
 * The headers of one attempt. Signs exactly the bytes that are sent (Soketify: "HMAC-SHA256 hex digest of the raw POST body,
 * signed with your App Secret"), with the key and the headers that are configured now. `Content-Type` is exactly
 * `application/json` because receivers compare it. Custom headers are set first, so that they cannot replace the others.
 * `webhook-id` and `webhook-timestamp` are those of the Standard Webhooks specification: the time is that of the attempt, because
 * its libraries refuse an older one, such as that of a dropped delivery that is sent again.
 */
export function attemptHeaders(
  app: { readonly key: string; readonly secret: string },
  endpoint: Pick<Endpoint, 'headers' | 'standardSignature'>,
  { id, body }: Payload,
  { attempt, atMs, epoch, resend, isTest }: AttemptNumber,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(atMs / 1000));
  // Assigned one by one: spreading parts that may be absent costs more than the rest of this function.
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
