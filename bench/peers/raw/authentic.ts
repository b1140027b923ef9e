import { createHash, createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { App } from './settings.ts';

/** A request to publish, as received. */
export interface Request {
  readonly path: string;
  readonly query: string;
  readonly body: Buffer;
}

const windowSeconds = 600;

/**
 * Checks signature, MD5 and timestamp. It relies on the order of parameters that SDKs send, with the signature last,
 * and does not sort them.
 */
export class Authority {
  readonly #keys: ReadonlyMap<string, KeyObject>;

  constructor(apps: readonly App[]) {
    this.#keys = new Map(apps.map(({ key, secret }) => [key, createSecretKey(secret, 'utf8')]));
  }

  isAuthentic({ path, query, body }: Request): boolean {
    const end = query.lastIndexOf('&auth_signature=');
    const signed = query.slice(0, end);
    const key = this.#keys.get(valueOf(signed, 'auth_key='));
    if (key === undefined) return false;
    const timestamp = Number(valueOf(signed, 'auth_timestamp='));
    if (!(Math.abs(Date.now() / 1000 - timestamp) < windowSeconds)) return false;
    if (valueOf(signed, 'body_md5=') !== createHash('md5').update(body).digest('hex')) return false;
    const expected = createHmac('sha256', key).update(`POST\n${path}\n${signed}`).digest();
    const given = Buffer.from(query.slice(end + '&auth_signature='.length), 'hex');
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}

/** The value of the parameter whose name, followed by `=`, is given. */
function valueOf(query: string, name: string): string {
  const start = query.indexOf(name) + name.length;
  const end = query.indexOf('&', start);
  return end < 0 ? query.slice(start) : query.slice(start, end);
}
