import { isIP } from 'node:net';
import type { Limit } from '../protocol/limits.ts';
import { isOriginPattern } from '../protocol/origin.ts';
import { record, single, type Shape } from './shape.ts';

/** No timer is longer than a day: far below the 2^31 - 1 ms at which `setTimeout` fires at once. */
export const dayMs = 86_400_000;

/**
 * The kinds of value that the configuration is made of. Each carries one sentence, "expected ...", for
 * whatever may be wrong with it; the fault report adds what was got.
 */

/** A whole number in a range, both ends included. */
export function wholeNumber(min: number, max: number): Shape<number> {
  return wholeNumberOf(`expected a whole number from ${min} to ${max}`, min, max);
}

/** A whole number of milliseconds that a timer can wait. */
export function milliseconds(min = 1): Shape<number> {
  return wholeNumber(min, dayMs);
}

/** A number in a range, both ends included. */
export function ratio(min: number, max: number): Shape<number> {
  return numberOf(`expected a number from ${min} to ${max}`, { minimum: min, maximum: max });
}

/** Whole seconds, in milliseconds. */
export function wholeSeconds(min: number, max: number): Shape<number> {
  const message = `expected whole seconds in milliseconds, from ${min} to ${max}`;
  return numberOf(message, { minimum: min, maximum: max, multipleOf: 1000 });
}

/** A limit of the table; `null` is "no limit". */
export function limit({ max, unit, meaning }: Limit): Shape<number | null> {
  const message = `expected a whole number of ${unit} from 1 to ${max}, or null for no limit`;
  return wholeNumberOf(message, 1, max).nullable().describe(meaning);
}

function wholeNumberOf(message: string, minimum: number, maximum: number): Shape<number> {
  const isOne = (input: unknown): input is number =>
    typeof input === 'number' && Number.isSafeInteger(input) && input >= minimum && input <= maximum;
  return single(message, isOne, { type: 'integer', minimum, maximum });
}

interface NumberSchema {
  readonly minimum: number;
  readonly maximum: number;
  readonly multipleOf?: number;
}

function numberOf(message: string, schema: NumberSchema): Shape<number> {
  const { minimum, maximum, multipleOf } = schema;
  const isOne = (input: unknown): input is number =>
    typeof input === 'number' &&
    input >= minimum &&
    input <= maximum &&
    (multipleOf === undefined || input % multipleOf === 0);
  return single(message, isOne, { type: 'number', ...schema });
}

/** True or false. */
export function flag(): Shape<boolean> {
  const isOne = (input: unknown): input is boolean => typeof input === 'boolean';
  return single('expected true or false', isOne, { type: 'boolean' });
}

/** A string that passes a test; `schema` says for editors what it can say of that. */
function textThat(message: string, passes: (given: string) => boolean, schema = {}): Shape<string> {
  const isOne = (input: unknown): input is string => typeof input === 'string' && passes(input);
  return single(message, isOne, { type: 'string', ...schema });
}

/** A string of this form. */
export function textLike(form: RegExp, message: string): Shape<string> {
  return textThat(message, (given) => form.test(given), { pattern: form.source });
}

/** Any string, the empty one included. */
export function text(): Shape<string> {
  return textThat('expected a string', () => true);
}

/** A string with something in it. */
export function nonEmptyText(): Shape<string> {
  return textThat('expected a non-empty string', (given) => given !== '', { minLength: 1 });
}

/** An id that goes unescaped into URLs, signatures, log lines and metrics. */
export function urlSafeId(): Shape<string> {
  return textLike(
    /^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,200}$/,
    'expected 1 to 200 of the URL-safe characters A-Z a-z 0-9 . _ ~ -, and not "." or ".."',
  );
}

/** One of a few words. */
export function oneOf<const Word extends string>(words: readonly Word[]): Shape<Word> {
  const isOne = (input: unknown): input is Word => words.some((known) => known === input);
  return single(`expected one of ${words.join(', ')}`, isOne, { type: 'string', enum: [...words] });
}

/** One word. */
export function word<const Word extends string>(one: Word): Shape<Word> {
  const isOne = (input: unknown): input is Word => input === one;
  return single(`expected ${one}`, isOne, { type: 'string', const: one });
}

/** An address to listen on, or a host name. */
export function host(): Shape<string> {
  return textThat('expected an IP address or a host name', isHost);
}

function isHost(value: string): boolean {
  if (isIP(value) !== 0) return true;
  // A name with no letter in it is an address gone wrong.
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(value) && /[A-Za-z]/.test(value);
}

/** A path that stands before others: empty, or `/one` or `/one/two`. */
export function pathPrefix(): Shape<string> {
  return textLike(
    /^(\/[A-Za-z0-9._~-]{1,100}){0,8}$/,
    'expected a path such as /realtime, without a slash at the end',
  );
}

/** An origin, in which `*` stands for labels of the host or for the port: `https://*.example.com`. */
export function origin(): Shape<string> {
  const form = /^(\*|[A-Za-z][A-Za-z0-9+.-]*:\/\/[A-Za-z0-9._*:[\]-]{1,260})$/;
  return textThat(
    'expected an origin such as https://example.com, https://*.example.com, http://localhost:* or *; within one, * stands for labels at the beginning of the host, for a part of a label that is not the last, or for the port',
    (given) => form.test(given) && isOriginPattern(given),
    { pattern: form.source },
  );
}

/** An IP address, or a network in CIDR notation. */
export function network(): Shape<string> {
  return textThat('expected an IP address or a network such as 10.0.0.0/8', isNetwork);
}

function isNetwork(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/** Where webhooks are posted. A password in it would end up in log lines, so none is accepted. */
export function endpointUrl(): Shape<string> {
  return textThat('expected an http or https URL without a user name or password', isEndpointUrl, {
    format: 'uri',
  });
}

function isEndpointUrl(value: string): boolean {
  if (!/^https?:\/\/\S+$/i.test(value) || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username === '' && password === '';
}

/** Headers that the delivery itself sets, or that cannot be sent on a kept connection. */
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

/** Extra request headers, by name. */
export function headers(): Shape<Record<string, string>> {
  const form = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
  const name = textThat(
    `expected the name of an HTTP header other than ${reservedHeaders.join(', ')}`,
    (given) => form.test(given) && !reservedHeaders.includes(given.toLowerCase()),
    { pattern: form.source },
  );
  const content = textLike(
    /^[\t\x20-\x7e\x80-\xff]*$/,
    'expected the value of an HTTP header: a string without line breaks or control characters',
  );
  return record(name, content);
}

/** Where a Redis server is. It may hold a user, a password and the number of a database. */
export function redisUrl(): Shape<string> {
  return textThat(
    'expected a URL such as redis://host:6379, or rediss://user:password@host:6380/2',
    isRedisUrl,
  );
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

/** What stands before the names of all keys. Braces mean something to a cluster. */
export function keyPrefix(): Shape<string> {
  return textLike(/^[!-z|~]{1,64}$/, 'expected 1 to 64 printable characters without spaces and braces');
}
