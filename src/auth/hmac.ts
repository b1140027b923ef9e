import { createHmac, hash, timingSafeEqual } from 'node:crypto';

/** Lower-case hex HMAC-SHA256, the form of every signature of the protocol. */
export function sign(secret: string, text: string | Uint8Array): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** Whether a signature is that of the text. The time taken does not tell how near a wrong one is. */
export function verify(secret: string, text: string | Uint8Array, signature: string): boolean {
  const expected = createHmac('sha256', secret).update(text).digest();
  if (!/^[0-9a-f]{64}$/.test(signature)) return false;
  return timingSafeEqual(expected, Buffer.from(signature, 'hex'));
}

/** Lower-case hex MD5 of a request's body, as `body_md5` carries it. */
export function bodyMd5(body: Uint8Array): string {
  return hash('md5', body, 'hex');
}
