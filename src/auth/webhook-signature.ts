import { sign } from './hmac.ts';

/** The headers by which a receiver knows whose webhook it is and that nobody forged it. */
export function signatureHeaders(
  app: { readonly key: string; readonly secret: string },
  body: Uint8Array,
): { readonly 'X-Pusher-Key': string; readonly 'X-Pusher-Signature': string } {
  return { 'X-Pusher-Key': app.key, 'X-Pusher-Signature': sign(app.secret, body) };
}
