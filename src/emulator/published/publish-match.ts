import * as v from 'valibot';
import * as field from '../../config/schema/fields.ts';
import { describeGiven, parseJson } from '../../protocol/json-value.ts';
import { check } from '../check.ts';
import { invalidArgument } from '../emulator-error.ts';
import type { PublishedEvent } from './published-event.ts';

/**
 * Fields that a published event must have.
 *
 * @since 0.1.0
 */
export interface PublishPattern {
  /** One of its channels; a text or a regular expression. */
  readonly channel?: string | RegExp;
  /** Its name; a text or a regular expression. */
  readonly event?: string | RegExp;
  /**
   * Its data: the whole text, or a regular expression that matches part of it. Any other value is compared with the parsed JSON: an
   * object matches if the data have its fields, a list if all of its items match.
   */
  readonly data?: unknown;
  /** The socket_id of the connection that was excluded. */
  readonly socket_id?: string | RegExp;
}

/**
 * Which published events are meant: by their fields, or by a function.
 *
 * @since 0.1.0
 */
export type PublishMatch = PublishPattern | ((event: PublishedEvent) => boolean);

/** A checked match. */
export interface PublishMatcher {
  matches(event: PublishedEvent): boolean;
  /** How many of the fields an event matches; 0 or 1 for a function. */
  likeness(event: PublishedEvent): number;
  readonly description: string;
}

const textOrExpression = v.custom<string | RegExp>(
  (value) => typeof value === 'string' || isRegExp(value),
  'expected a string or a regular expression',
);

const pattern = field.group({
  channel: v.exactOptional(textOrExpression),
  event: v.exactOptional(textOrExpression),
  data: v.exactOptional(v.unknown()),
  socket_id: v.exactOptional(textOrExpression),
});

/** The accepted fields of a pattern. */
export const publishFields = ['channel', 'event', 'data', 'socket_id'] as const;

type Test = readonly [description: string, has: (event: PublishedEvent) => boolean];

/** Checks a match from a test or a request. Throws an EmulatorError that states what is accepted. */
export function createPublishMatcher(match: unknown): PublishMatcher {
  if (typeof match === 'function') {
    // The compiler checks the type for callers in TypeScript only.
    const matches = (event: PublishedEvent): boolean => Boolean(match(event));
    return {
      matches,
      likeness: (event) => Number(matches(event)),
      description: 'what the given function accepts',
    };
  }
  if (typeof match !== 'object' || match === null || Array.isArray(match)) {
    throw invalidArgument(
      `expected fields of a published event such as { channel: 'orders', event: 'created' }, or a function, got ${describeGiven(match)}`,
    );
  }
  const { channel, event: name, data, socket_id: except } = check(pattern, match, 'published');
  const tests: readonly Test[] = [
    ...testOf('channel', channel, (accept) => (event) => event.channels.some(accept)),
    ...testOf('event', name, (accept) => (event) => accept(event.event)),
    ...(data === undefined ? [] : [testOfData(data)]),
    ...testOf(
      'socket_id',
      except,
      (accept) => (event) => event.socket_id !== undefined && accept(event.socket_id),
    ),
  ];
  return {
    matches: (event) => tests.every(([, has]) => has(event)),
    likeness: (event) => tests.filter(([, has]) => has(event)).length,
    description: tests.map(([description]) => description).join(', '),
  };
}

function testOf(
  name: string,
  expected: string | RegExp | undefined,
  test: (accept: (text: string) => boolean) => Test[1],
): readonly Test[] {
  if (expected === undefined) return [];
  return [[`${name} ${describe(expected)}`, test((text) => accepts(expected, text))]];
}

function testOfData(expected: unknown): Test {
  if (typeof expected === 'string' || isRegExp(expected)) {
    return [`data ${describe(expected)}`, ({ data }) => accepts(expected, data)];
  }
  return [`data ${JSON.stringify(expected)}`, ({ data }) => isLike(parseJson(data), expected)];
}

function describe(expected: string | RegExp): string {
  return typeof expected === 'string' ? `'${expected}'` : String(expected);
}

function accepts(expected: string | RegExp, text: string): boolean {
  // A global expression would continue where its last match ended.
  return typeof expected === 'string' ? text === expected : text.search(expected) >= 0;
}

function isLike(value: unknown, expected: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) return value === expected;
  if (typeof value !== 'object' || value === null || Array.isArray(value) !== Array.isArray(expected)) {
    return false;
  }
  if (Array.isArray(value) && Array.isArray(expected) && value.length !== expected.length) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return Object.entries(expected).every(([key, one]) => isLike(fields.get(key), one));
}

/** Also accepts objects of another realm, which tests run by jest create. */
function isRegExp(value: unknown): value is RegExp {
  return Object.prototype.toString.call(value) === '[object RegExp]';
}
