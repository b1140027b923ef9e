import { createHmac, hash, timingSafeEqual } from 'node:crypto';

/** The block size of SHA-256, in bytes. A key is padded to it (RFC 2104). */
const blockBytes = 64;
const digestBytes = 32;

/** Texts of up to this many bytes are signed by two plain hashes; longer ones gain nothing from that. */
const shortBytes = 16 * 1024;

/** The first blocks of the two hashes of an HMAC, for one key. */
interface Pads {
  readonly inner: Uint8Array;
  readonly outer: Uint8Array;
}

/** By secret. There are as many as apps have keys; if keys keep changing, the map is cleared when it is full. */
const padsBySecret = new Map<string, Pads>();
const rememberedSecrets = 10_000;

// Every use starts and ends within one call, so these buffers can be shared.
const innerText = Buffer.alloc(blockBytes + shortBytes);
const outerText = Buffer.alloc(blockBytes + digestBytes);
const [oneDigest, otherDigest] = [Buffer.alloc(2 * digestBytes), Buffer.alloc(2 * digestBytes)];

/** Lower-case hex HMAC-SHA256, the form of every signature of the protocol. */
export function sign(secret: string, text: string | Uint8Array): string {
  // A character of a string takes at most three bytes. `createHmac` takes twice as long as the hashing itself.
  const isShort = typeof text === 'string' ? 3 * text.length <= shortBytes : text.length <= shortBytes;
  return isShort ? signShort(secret, text) : createHmac('sha256', secret).update(text).digest('hex');
}

/** Whether a signature belongs to the text. The comparison takes constant time. */
export function verify(secret: string, text: string | Uint8Array, signature: string): boolean {
  oneDigest.write(sign(secret, text), 'latin1');
  if (!/^[0-9a-f]{64}$/.test(signature)) return false;
  otherDigest.write(signature, 'latin1');
  return timingSafeEqual(oneDigest, otherDigest);
}

/** The MD5 of a request's body in lower-case hex, as in `body_md5`. */
export function bodyMd5(body: Uint8Array): string {
  return hash('md5', body, 'hex');
}

/** H(outer pad, H(inner pad, text)): RFC 2104. */
function signShort(secret: string, text: string | Uint8Array): string {
  const { inner, outer } = padsBySecret.get(secret) ?? rememberPads(secret);
  innerText.set(inner);
  const bytes = typeof text === 'string' ? innerText.write(text, blockBytes) : text.length;
  if (typeof text !== 'string') innerText.set(text, blockBytes);
  outerText.set(outer);
  const innerDigest = hash('sha256', innerText.subarray(0, blockBytes + bytes), 'binary');
  outerText.write(innerDigest, blockBytes, 'latin1');
  return hash('sha256', outerText, 'hex');
}

function rememberPads(secret: string): Pads {
  const bytes = Buffer.from(secret);
  const key = bytes.length > blockBytes ? hash('sha256', bytes, 'buffer') : bytes;
  const pad = (byte: number): Uint8Array =>
    Uint8Array.from({ length: blockBytes }, (_, index) => (key[index] ?? 0) ^ byte);
  const pads = { inner: pad(0x36), outer: pad(0x5c) };
  if (padsBySecret.size >= rememberedSecrets) padsBySecret.clear();
  padsBySecret.set(secret, pads);
  return pads;
}
