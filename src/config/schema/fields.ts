import { isIP } from 'node:net';
import * as v from 'valibot';
import { isObject } from '../../protocol/json-value.ts';
import type { Limit } from '../../protocol/limits.ts';
import { isOriginPattern } from '../../protocol/origin.ts';

/** The longest timer: far below the 2^31 - 1 ms above which `setTimeout` fires immediately. */
export const dayMs = 86_400_000;

/** The maximum number of threads that serve clients: each thread, including the keeper, is a bit of a 32-bit word. */
export const mostWorkers = 31;

/**
 * The keys of a configuration. Each has a kind of value, and a meaning that editors and the reference show.
 */

/** A key that must be present. */
export function required<const Kind extends v.GenericSchema>(kind: Kind, meaning: string) {
  return v.pipe(kind, v.description(meaning));
}

/** A key that may be absent. */
export function optional<const Kind extends v.GenericSchema>(kind: Kind, meaning: string) {
  return v.optional(required(kind, meaning));
}

/** A key that has this value if it is absent. */
export function withDefault<const Kind extends v.GenericSchema>(
  kind: Kind,
  value: v.InferInput<Kind>,
  meaning: string,
) {
  return v.optional(required(kind, meaning), value);
}

/**
 * The kinds of values in a configuration. Each has one message, "expected ...", for every fault; the report of faults adds what was
 * got.
 */

/** A whole number in a range, both ends included. `what` names it. */
export function wholeNumber(min: number, max: number, what = 'a whole number') {
  return integer(min, max, `expected ${what} from ${min} to ${max}`);
}

function integer(min: number, max: number, message: string) {
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
}

/** The number of threads that serve clients. */
export function workers() {
  const message = `expected a whole number from 1 to ${mostWorkers}, or "auto" for one for each processor`;
  return v.union([v.literal('auto'), integer(1, mostWorkers, message)], message);
}

/** A whole number of milliseconds that a timer can wait. */
export function milliseconds(min = 1) {
  return wholeNumber(min, dayMs);
}

/** The same, or `auto`. */
export function millisecondsOrAuto(min: number) {
  return v.union(
    [v.literal('auto'), milliseconds(min)],
    `expected a whole number from ${min} to ${dayMs}, or "auto"`,
  );
}

/** Whole seconds in milliseconds. */
export function wholeSeconds() {
  const message = `expected whole seconds in milliseconds, from 1000 to ${dayMs}`;
  return v.pipe(
    v.number(message),
    v.minValue(1000, message),
    v.maxValue(dayMs, message),
    v.multipleOf(1000, message),
  );
}

/** A number in a range, both ends included. */
export function ratio(min: number, max: number) {
  const message = `expected a number from ${min} to ${max}`;
  return v.pipe(v.number(message), v.minValue(min, message), v.maxValue(max, message));
}

/** A limit; `null` means no limit. */
export function limit({ max, unit }: Pick<Limit, 'max' | 'unit'>) {
  return v.nullable(
    integer(1, max, `expected a whole number of ${unit} from 1 to ${max}, or null for no limit`),
  );
}

/** True or false. */
export function flag() {
  return v.boolean('expected true or false');
}

/** An object, or true or false. */
export function flagOr<const Kind extends v.GenericSchema>(kind: Kind) {
  return v.union([flag(), kind], 'expected true, false or an object');
}

/** Any string, including the empty one. */
export function text() {
  return v.string('expected a string');
}

/** A string that is not empty. */
export function nonEmptyText() {
  const message = 'expected a non-empty string';
  return v.pipe(v.string(message), v.nonEmpty(message));
}

/** A string that matches a pattern. */
export function textLike(pattern: RegExp, message: string) {
  return v.pipe(v.string(message), v.regex(pattern, message));
}

/** A string that passes a test. */
export function textThat(passes: (value: string) => boolean, message: string) {
  return v.pipe(v.string(message), v.check(passes, message));
}

/** An id that is used without escapes in URLs, signatures, log lines and metrics. */
export function urlSafeId() {
  return textLike(
    /^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,200}$/,
    'expected a string of 1 to 200 of the URL-safe characters A-Z a-z 0-9 . _ ~ -, and not "." or ".."',
  );
}

/** One of a few words. */
export function oneOf<const Word extends string>(words: readonly Word[]) {
  return v.picklist(words, `expected one of ${words.join(', ')}`);
}

/** A list. */
export function listOf<const Item extends v.GenericSchema>(item: Item) {
  return v.array(item, 'expected an array');
}

/** A list that is not empty. `one` names an item. */
export function nonEmptyListOf<const Item extends v.GenericSchema>(item: Item, one: string) {
  return v.pipe(listOf(item), v.nonEmpty(`expected at least ${one}`));
}

/** An object with these keys and no others. `hint` is added to the error for another value. */
export function group<const Keys extends v.ObjectEntries>(keys: Keys, hint = '') {
  return only(isObject, v.strictObject(keys, messageOf(keys, `expected an object${hint}`)));
}

/** The same. The error for another value shows the example. */
export function groupLike<const Keys extends v.ObjectEntries>(example: string, keys: Keys) {
  return group(keys, ` such as ${example}`);
}

/** An object with these keys and any others. */
export function openGroup<const Keys extends v.ObjectEntries>(keys: Keys) {
  return only(isObject, v.looseObject(keys, messageOf(keys, 'expected an object')));
}

/** The message of an object, or of the key that it lacks. */
function messageOf(keys: v.ObjectEntries, message: string): (issue: v.BaseIssue<unknown>) => string {
  return ({ path }) => {
    const missing = Object.entries(keys).find(([key]) => key === path?.[0].key)?.[1];
    const faults = missing === undefined ? undefined : v.safeParse(missing, undefined).issues;
    return faults?.[0].message ?? message;
  };
}

/** The same schema for the values that pass a test. By itself, valibot accepts an array as an object. */
function only<Schema extends v.GenericSchema>(passes: (value: unknown) => boolean, schema: Schema): Schema {
  const run = schema['~run'];
  return {
    ...schema,
    '~run'(dataset, config) {
      if (passes(dataset.value)) return run.call(this, dataset, config);
      // oxlint-disable-next-line no-underscore-dangle -- valibot calls it so
      v._addIssue(this, 'type', dataset, config);
      return dataset;
    },
  };
}

/** An address to listen on, or a host name. */
export function host() {
  return textThat(isHost, 'expected an IP address or a host name');
}

function isHost(value: string): boolean {
  if (isIP(value) !== 0) return true;
  // A name without a letter is a mistyped address.
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(value) && /[A-Za-z]/.test(value);
}

/** A path prefix: empty, or `/one` or `/one/two`. */
export function pathPrefix() {
  return textLike(
    /^(\/[A-Za-z0-9._~-]{1,100}){0,8}$/,
    'expected a path such as /realtime, without a slash at the end',
  );
}

/** An origin, in which `*` stands for labels of the host or for the port: `https://*.example.com`. */
export function origin() {
  const message =
    'expected an origin such as https://example.com, https://*.example.com, http://localhost:* or *; within one, * stands for labels at the beginning of the host, for part of a label that is not the last, or for the port';
  return v.pipe(
    textLike(/^(\*|[A-Za-z][A-Za-z0-9+.-]*:\/\/[A-Za-z0-9._*:[\]-]{1,260})$/, message),
    v.check(isOriginPattern, message),
  );
}

/** An IP address, or a network in CIDR notation. */
export function network() {
  return textThat(isNetwork, 'expected an IP address or a network such as 10.0.0.0/8');
}

function isNetwork(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/** The URL of an endpoint. A password in it would appear in log lines, so none is accepted. */
export function endpointUrl() {
  const message =
    'expected an http or https URL such as https://example.com/webhooks, without spaces, user name and password';
  return v.pipe(textThat(isEndpointUrl, message), v.metadata({ format: 'uri' }));
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
  const nameMessage = `expected the name of an HTTP header other than ${reservedHeaders.join(', ')}`;
  const valueMessage =
    'expected the value of an HTTP header: a string without line breaks or control characters';
  const name = v.pipe(
    textLike(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, nameMessage),
    v.check((value) => !reservedHeaders.includes(value.toLowerCase()), nameMessage),
  );
  const value = textLike(/^[\t\x20-\x7e\x80-\xff]*$/, valueMessage);
  return valuesByName(name, value);
}

/**
 * Values by their names. The record of valibot would leave out names such as `constructor` without a word, and would also check the
 * value of a name that it refuses.
 */
function valuesByName(nameKind: v.GenericSchema<string>, valueKind: v.GenericSchema<string>) {
  const schema = v.record(nameKind, valueKind, 'expected an object');
  return only(isPlainObject, {
    ...schema,
    '~run'({ value: given }: { readonly value: unknown }): ReturnType<(typeof schema)['~run']> {
      const input = isObject(given) ? given : {};
      const values: Record<string, string> = {};
      const issues: v.BaseIssue<unknown>[] = [];
      for (const [key, value] of Object.entries(input)) {
        const name = v.safeParse(nameKind, key);
        const result = name.success ? v.safeParse(valueKind, value) : name;
        const item = { type: 'object', origin: name.success ? 'value' : 'key', input, key, value } as const;
        if (result.success) values[key] = result.output;
        else issues.push(...result.issues.map((issue) => withPath(issue, item)));
      }
      const [first, ...others] = issues;
      return first === undefined
        ? { typed: true, value: values }
        : { typed: false, value: input, issues: [first, ...others] };
    },
  });
}

function withPath(issue: v.BaseIssue<unknown>, item: v.IssuePathItem): v.BaseIssue<unknown> {
  return { ...issue, path: [item] };
}

/** Whether a value is an object as JSON has it, and not a map or an instance of `Headers`, whose entries are not keys. */
function isPlainObject(value: unknown): boolean {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Objects of another realm have another prototype without a prototype.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The URL of a Redis server. It may contain a user, a password and a database number. */
export function redisUrl() {
  return textThat(
    isRedisUrl,
    'expected a URL such as redis://host:6379, or rediss://user:password@host:6380/2',
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

/** The prefix of all keys. Braces are excluded, because they have a meaning in a cluster. */
export function keyPrefix() {
  return textLike(/^[!-z|~]{1,64}$/, 'expected 1 to 64 printable characters without spaces and braces');
}
