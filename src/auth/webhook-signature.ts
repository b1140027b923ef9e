import { sign } from './hmac.ts';

/** The headers that prove to a receiver which app sent the webhook. */
export function signatureHeaders(
  app: { readonly key: string; readonly secret: string },
  body: Uint8Array,
): { readonly 'X-Pusher-Key': string; readonly 'X-Pusher-Signature': string } {
  return { 'X-Pusher-Key': app.key, 'X-Pusher-Signature': sign(app.secret, body) };
}

/**
 * `webhook-signature` of the Standard Webhooks specification: base64 of the HMAC-SHA256 of id, time and body. It lets a
 * receiver refuse webhooks that are old or repeated. The key of the HMAC is the secret's text in UTF-8.
 */
export function standardSignature(
  secret: string,
  { id, timestamp, body }: { readonly id: string; readonly timestamp: string; readonly body: Uint8Array },
): string {
  const digest = sign(secret, Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]));
  return `v1,${Buffer.from(digest, 'hex').toString('base64')}`;
}
