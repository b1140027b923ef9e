import { describeGiven } from '../protocol/json-value.ts';
import { eventNames, type EventName } from './event.ts';
import type { WebhookEventFields } from './event-fields.ts';

/**
 * Fields that an event must have. A text may be given as a regular expression.
 *
 * @example
 * const pattern: EventPattern = { name: 'member_added', channel: /^presence-/ };
 * @since 0.1.0
 */
export interface EventPattern<Name extends EventName = EventName> {
  /** The type of the event. */
  readonly name?: Name | RegExp;
  /** The name of its channel. */
  readonly channel?: string | RegExp;
  /** The user: of `member_added`, `member_removed` and of `client_event` on presence channels. */
  readonly user_id?: string | RegExp;
  /** The name that the client gave a `client_event`. */
  readonly event?: string | RegExp;
  /** The data of a `client_event`: the whole text, or a regular expression that matches a part of it. */
  readonly data?: string | RegExp;
  /** The connection that sent a `client_event`. */
  readonly socket_id?: string | RegExp;
  /** The count of a `subscription_count`. */
  readonly subscription_count?: number;
}

/** The fields that a pattern may have. */
export const patternFields = [
  'name',
  'channel',
  'user_id',
  'event',
  'data',
  'socket_id',
  'subscription_count',
] as const satisfies readonly (keyof EventPattern)[];

type PatternField = (typeof patternFields)[number];

/** A checked match, for events that may have more fields than a webhook. */
export interface Matcher<E extends WebhookEventFields> {
  matches(event: E): boolean;
  /** How many of the expected fields an event has; 0 or 1 for a function. */
  likeness(event: E): number;
  readonly description: string;
}

/** The result of checking a given match. `reason` states what is accepted. */
export type CheckedMatch<E extends WebhookEventFields> =
  { readonly kind: 'ok'; readonly matcher: Matcher<E> } | { readonly kind: 'wrong'; readonly reason: string };

/** Checks a match: fields of an event, or a function. */
export function checkMatch<E extends WebhookEventFields>(match: unknown): CheckedMatch<E> {
  if (typeof match === 'function') {
    // Its type is checked at compile time. At run time nothing is known about it.
    const matches = (event: E): boolean => Boolean(match(event));
    return {
      kind: 'ok',
      matcher: {
        matches,
        likeness: (event) => Number(matches(event)),
        description: 'an event that the given function accepts',
      },
    };
  }
  if (typeof match !== 'object' || match === null || Array.isArray(match)) {
    const reason = `expected fields of an event such as { name: 'member_removed', user_id: '42' }, or a function, got ${describeGiven(match)}`;
    return { kind: 'wrong', reason };
  }
  const expected: Expected[] = [];
  for (const [name, value] of Object.entries(match)) {
    const field = patternFields.find((one) => one === name);
    const reason = field === undefined ? unknownField(name) : faultOf(field, value);
    if (field === undefined || reason !== undefined) return { kind: 'wrong', reason: reason ?? '' };
    expected.push([field, value]);
  }
  const has = (event: E, [field, value]: Expected): boolean => isAccepted(event[field], value);
  return {
    kind: 'ok',
    matcher: {
      matches: (event) => expected.every((one) => has(event, one)),
      likeness: (event) => expected.filter((one) => has(event, one)).length,
      description: expected.length === 0 ? 'any event' : expected.map(describeField).join(', '),
    },
  };
}

type Expected = readonly [field: PatternField, value: string | number | RegExp];

function unknownField(name: string): string {
  const known = patternFields.find((one) => one.replace('_', '') === name.toLowerCase());
  const hint = known === undefined ? `expected one of ${patternFields.join(', ')}` : `did you mean ${known}?`;
  return `events have no field '${name}'; ${hint}`;
}

function faultOf(field: PatternField, value: unknown): string | undefined {
  if (field === 'subscription_count') {
    return typeof value === 'number' ? undefined : `${field}: expected a number, got ${describeGiven(value)}`;
  }
  if (typeof value !== 'string') {
    return isRegExp(value)
      ? undefined
      : `${field}: expected a string or a regular expression, got ${describeGiven(value)}`;
  }
  if (field === 'name' && !eventNames.some((one) => one === value)) {
    return `name: expected one of ${eventNames.join(', ')}, got '${value}'`;
  }
  return undefined;
}

/** Also accepts one of another realm, as in tests run by jest. */
function isRegExp(value: unknown): value is RegExp {
  return Object.prototype.toString.call(value) === '[object RegExp]';
}

function isAccepted(got: string | number | undefined, expected: string | number | RegExp): boolean {
  if (got === undefined) return false;
  // `search` ignores the position where a global expression matched last.
  if (typeof expected === 'object') return String(got).search(expected) >= 0;
  return got === expected;
}

function describeField([field, value]: Expected): string {
  return `${field} ${typeof value === 'string' ? `'${value}'` : String(value)}`;
}
