import { isIP } from 'node:net';
import * as z from 'zod';
import type { Limit } from '../../protocol/limits.ts';
import { isOriginPattern } from '../../protocol/origin.ts';

// Compiling code for each object pays off only if many objects are checked.
z.config({ jitless: true });

/** The longest timer: far below the 2^31 - 1 ms above which `setTimeout` fires immediately. */
export const dayMs = 86_400_000;

/**
 * The kinds of values in a configuration. Each has one message, "expected ...", for every fault; the report of faults adds what was
 * got.
 */

/** The maximum number of threads that serve clients: each thread, including the keeper, is a bit of a 32-bit word. */
export const mostWorkers = 31;

/** A whole number in a range, both ends included. */
export function wholeNumber(min: number, max: number) {
  const error = `expected a whole number from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

/** The number of threads that serve clients. */
export function workers() {
  const error = `expected a whole number from 1 to ${mostWorkers}, or "auto" for one for each processor`;
  const number = z.number({ error }).int({ error }).min(1, { error }).max(mostWorkers, { error });
  return z.union([z.literal('auto'), number], { error });
}

/** A whole number of milliseconds that a timer can wait. */
export function milliseconds(min = 1) {
  return wholeNumber(min, dayMs);
}

/** A number in a range, both ends included. */
export function ratio(min: number, max: number) {
  const error = `expected a number from ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

/** A limit; `null` means no limit. */
export function limit({ max, unit, meaning }: Limit) {
  const error = `expected a whole number of ${unit} from 1 to ${max}, or null for no limit`;
  return z
    .number({ error })
    .int({ error })
    .min(1, { error })
    .max(max, { error })
    .nullable()
    .describe(meaning);
}

/** True or false. */
export function flag() {
  return z.boolean({ error: 'expected true or false' });
}

/** Any string, including the empty one. */
export function text() {
  return z.string({ error: 'expected a string' });
}

/** A string that is not empty. */
export function nonEmptyText() {
  const error = 'expected a non-empty string';
  return z.string({ error }).min(1, { error });
}

/** An id that is used without escapes in URLs, signatures, log lines and metrics. */
export function urlSafeId() {
  const error =
    'expected a string of 1 to 200 of the URL-safe characters A-Z a-z 0-9 . _ ~ -, and not "." or ".."';
  return z.string({ error }).regex(/^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,200}$/, { error });
}

/** One of a few words. */
export function oneOf<const Word extends string>(words: readonly Word[]) {
  return z.enum(words, { error: `expected one of ${words.join(', ')}` });
}

/** A list. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.array(item, { error: 'expected an array' });
}

/** An object with these keys and no others. `hint` is added to the error for another value. */
export function group<Shape extends z.ZodRawShape>(shape: Shape, hint = '') {
  return z.strictObject(shape, { error: `expected an object${hint}` });
}

/** The same. The error for another value shows the example. */
export function groupLike<Shape extends z.ZodRawShape>(example: string, shape: Shape) {
  return group(shape, ` such as ${example}`);
}

/** An address to listen on, or a host name. */
export function host() {
  const error = 'expected an IP address or a host name';
  return z.string({ error }).refine((value) => isHost(value), { error });
}

function isHost(value: string): boolean {
  if (isIP(value) !== 0) return true;
  // A name without a letter is a mistyped address.
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(value) && /[A-Za-z]/.test(value);
}

/** A path prefix: empty, or `/one` or `/one/two`. */
export function pathPrefix() {
  const error = 'expected a path such as /realtime, without a slash at the end';
  return z.string({ error }).regex(/^(\/[A-Za-z0-9._~-]{1,100}){0,8}$/, { error });
}

/** An origin, in which `*` stands for labels of the host or for the port: `https://*.example.com`. */
export function origin() {
  const error =
    'expected an origin such as https://example.com, https://*.example.com, http://localhost:* or *; within one, * stands for labels at the beginning of the host, for part of a label that is not the last, or for the port';
  return z
    .string({ error })
    .regex(/^(\*|[A-Za-z][A-Za-z0-9+.-]*:\/\/[A-Za-z0-9._*:[\]-]{1,260})$/, { error })
    .refine((value) => isOriginPattern(value), { error });
}

/** An IP address, or a network in CIDR notation. */
export function network() {
  const error = 'expected an IP address or a network such as 10.0.0.0/8';
  return z.string({ error }).refine((value) => isNetwork(value), { error });
}

function isNetwork(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/** The URL of an endpoint. A password in it would appear in log lines, so none is accepted. */
export function endpointUrl() {
  const error =
    'expected an http or https URL such as https://example.com/webhooks, without spaces, user name and password';
  return z
    .string({ error })
    .refine((value) => isEndpointUrl(value), { error })
    .meta({ format: 'uri' });
}

function isEndpointUrl(value: string): boolean {
  if (!/^https?:\/\/[^/\s]\S*$/i.test(value) || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username === '' && password === '';
}

/** Headers that the delivery sets itself, or that cannot be sent on a kept connection. */
const reservedHeaders: readonly string[] = [
  'content-type',
  'content-length',
  'host',
  'x-pusher-key',
  'x-pusher-signature',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'x-soketify-attempt',
  'x-soketify-epoch',
  'x-soketify-resend',
  'x-soketify-test',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'expect',
];

/** Additional request headers, by name. */
export function headers() {
  const nameError = `expected the name of an HTTP header other than ${reservedHeaders.join(', ')}`;
  const valueError =
    'expected the value of an HTTP header: a string without line breaks or control characters';
  const name = z
    .string()
    .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: nameError })
    .refine((value) => !reservedHeaders.includes(value.toLowerCase()), { error: nameError });
  const value = z.string({ error: valueError }).regex(/^[\t\x20-\x7e\x80-\xff]*$/, { error: valueError });
  return z.record(name, value, {
    error: (issue) => (issue.code === 'invalid_key' ? nameError : 'expected an object'),
  });
}

/** The URL of a Redis server. It may contain a user, a password and a database number. */
export function redisUrl() {
  const error = 'expected a URL such as redis://host:6379, or rediss://user:password@host:6380/2';
  return z.string({ error }).refine((value) => isRedisUrl(value), { error });
}

function isRedisUrl(value: string): boolean {
  if (!/^rediss?:\/\/\S+$/i.test(value) || !URL.canParse(value)) return false;
  const { hostname, pathname, search, hash, username, password } = new URL(value);
  const isPlain = search === '' && hash === '' && /^(\/\d{0,5})?$/.test(pathname);
  return hostname !== '' && isPlain && isEscaped(username) && isEscaped(password);
}

function isEscaped(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

/** The prefix of all keys. Braces are excluded, because they have a meaning in a cluster. */
export function keyPrefix() {
  const error = 'expected 1 to 64 printable characters without spaces and braces';
  return z.string({ error }).regex(/^[!-z|~]{1,64}$/, { error });
}
