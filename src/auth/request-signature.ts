import type { Query } from '../protocol/query.ts';
import { bodyMd5, sign } from './hmac.ts';
import type { KeyPair } from './key-pair.ts';
import { stringToSign } from './request-auth.ts';

/** An unsigned request to the HTTP API. `path` has no query string. */
export interface UnsignedRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: Uint8Array;
}

/**
 * The query string, without `?`, that signs a request in the app's name, as every server library of Pusher does. `nowMs` is
 * the time of day; the request is valid for ten minutes before and after it.
 */
export function signRequest({ key, secret }: KeyPair, request: UnsignedRequest, nowMs: number): string {
  const query: Query = [
    ['auth_key', key],
    ['auth_timestamp', String(Math.floor(nowMs / 1000))],
    ['auth_version', '1.0'],
    ...(request.body.byteLength > 0 ? [['body_md5', bodyMd5(request.body)] as const] : []),
  ];
  const signature = sign(secret, stringToSign(request.method, request.path, query));
  return [...query, ['auth_signature', signature] as const]
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}
