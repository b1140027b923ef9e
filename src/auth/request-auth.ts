import { unauthorized, type HttpError } from '../protocol/http-error.ts';
import { parseQuery, queryValue, unescapePercent, type Query } from '../protocol/query.ts';
import { bodyMd5, verify } from './hmac.ts';
import { secretOfKey, type KeyRing } from './key-pair.ts';

/** A request to the HTTP API without its body: everything that the signature covers. */
export interface SignedHead {
  /** Upper case. */
  readonly method: string;
  /** The path as it was sent, escapes and all. */
  readonly path: string;
  /** The path without a prefix of this server that the signer may not know. */
  readonly unprefixedPath: string | undefined;
  /** The query string as it was sent, without `?`. */
  readonly rawQuery: string;
}

/** Requests are accepted when their timestamp is less than this many seconds away from the server's time. */
const timestampWindowSeconds = 600;

/**
 * Returns the query parameters as the signer meant them, or why the request is not authorized. The signature covers the MD5
 * of the body, so the body of an unauthenticated request is never read; `refuseBody` compares it afterwards. `nowMs` is the
 * time of day. A refusal never contains the expected signature, but the string that should have been signed, because that
 * helps most.
 */
export function authenticateHead(app: KeyRing, request: SignedHead, nowMs: number): Query | HttpError {
  const query = parseQuery(request.rawQuery);
  const refusal = refuseRequest(app, request, query, nowMs);
  if (refusal === undefined) return query;
  if (!request.rawQuery.includes('+')) return refusal;
  // Most libraries mean a literal plus, some a space.
  const spaced = parseQuery(request.rawQuery, true);
  return refuseRequest(app, request, spaced, nowMs) === undefined ? spaced : refusal;
}

function refuseRequest(
  app: KeyRing,
  request: SignedHead,
  query: Query,
  nowMs: number,
): HttpError | undefined {
  const misspelt = query.find(([name]) => name !== name.toLowerCase());
  if (misspelt !== undefined) return refuseName(misspelt[0]);
  const key = queryValue(query, 'auth_key');
  if (key === undefined || key === '') return unauthorized('Missing parameter: auth_key');
  const secret = secretOfKey(app, key);
  if (secret === undefined) return unauthorized('Unknown auth_key');
  return (
    refuseVersion(queryValue(query, 'auth_version')) ??
    refuseTimestamp(queryValue(query, 'auth_timestamp'), nowMs) ??
    refuseSignature(secret, request, query)
  );
}

/** `Info` and `info` would be signed alike, so the signature would not prove which of them was sent. */
function refuseName(name: string): HttpError {
  return unauthorized(
    `Invalid parameter name ${JSON.stringify(name.slice(0, 100))}: the parameter names of a signed request must be in lower case`,
  );
}

function refuseVersion(version: string | undefined): HttpError | undefined {
  if (version === undefined || version === '') return unauthorized('Version required');
  return version === '1.0' ? undefined : unauthorized('Version not supported');
}

function refuseTimestamp(text: string | undefined, nowMs: number): HttpError | undefined {
  if (text === undefined || !/^\d+$/.test(text)) return unauthorized('Timestamp required');
  const seconds = Number(text);
  if (isCurrent(seconds, nowMs)) return undefined;
  const hint = isCurrent(seconds / 1000, nowMs) ? '. It looks like milliseconds; seconds are expected' : '';
  return unauthorized(
    `Timestamp expired: Given timestamp (${formatSeconds(seconds)}) not within ${timestampWindowSeconds}s of server time (${formatSeconds(nowMs / 1000)})${hint}`,
  );
}

function isCurrent(seconds: number, nowMs: number): boolean {
  return Math.abs(nowMs / 1000 - seconds) < timestampWindowSeconds;
}

/** The last second that a Date can hold. */
const lastSecond = 8_640_000_000_000;

/** As Pusher writes it, with no sign before years after 9999. */
function formatSeconds(seconds: number): string {
  if (seconds > lastSecond) return 'after the year 275760';
  const text = new Date(Math.floor(seconds) * 1000).toISOString().replace('.000Z', 'Z');
  return text.replace(/^\+0*/, '');
}

function refuseSignature(secret: string, request: SignedHead, query: Query): HttpError | undefined {
  const signature = queryValue(query, 'auth_signature') ?? '';
  const usual = stringToSign(request.method, request.path, query);
  if (verify(secret, usual, signature)) return undefined;
  for (const other of otherForms(request, query)) {
    if (verify(secret, other, signature)) return undefined;
  }
  return unauthorized(
    `Invalid signature: you should have sent HmacSHA256Hex(${JSON.stringify(usual)}, your_secret_key), but you sent ${JSON.stringify(signature.slice(0, 200))}`,
  );
}

/** Libraries differ in which characters they escape before they sign. */
function otherForms({ method, path, unprefixedPath }: SignedHead, query: Query): string[] {
  const paths = [unescapePercent(path)];
  if (unprefixedPath !== undefined) paths.push(unprefixedPath, unescapePercent(unprefixedPath));
  return paths.filter((one) => one !== path).map((one) => stringToSign(method, one, query));
}

/**
 * The text that a request's signature covers: method, path, and the sorted parameters, separated by line breaks. The names
 * of the parameters must be in lower case.
 */
export function stringToSign(method: string, path: string, query: Query): string {
  const signed: (readonly [key: string, value: string])[] = [];
  let isSorted = true;
  let before = '';
  for (const parameter of query) {
    const [key] = parameter;
    if (key === 'auth_signature') continue;
    isSorted &&= before <= key;
    before = key;
    signed.push(parameter);
  }
  // Most libraries send them sorted.
  if (!isSorted) signed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  let parameters = '';
  for (const [key, value] of signed) parameters += `${parameters === '' ? '' : '&'}${key}=${value}`;
  return `${method}\n${path}\n${parameters}`;
}

/** Why the body is not the signed one; undefined if it is. */
export function refuseBody(body: Uint8Array, query: Query): HttpError | undefined {
  const md5 = queryValue(query, 'body_md5');
  if (md5 === undefined) {
    return body.byteLength === 0 ? undefined : unauthorized('Missing parameter: body_md5');
  }
  const actual = bodyMd5(body);
  return md5 === actual
    ? undefined
    : unauthorized(
        `Invalid body_md5: the MD5 of the body received is ${actual}, but you sent "${md5.slice(0, 64)}"`,
      );
}
