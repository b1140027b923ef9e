import { eventNames } from '../webhooks/event.ts';
import { describeGiven, invalidArgument } from './emulator-error.ts';
import type { EmulatorEvent, WebhookEventFields } from './records.ts';

/** Fields that an event must have; a text may be given as a regular expression. */
export type EventPattern = {
  readonly [Field in keyof WebhookEventFields]?: WebhookEventFields[Field] extends string | undefined
    ? WebhookEventFields[Field] | RegExp
    : WebhookEventFields[Field];
};

/** Which events are meant: by their fields, or by a function. */
export type EventMatch = EventPattern | ((event: EmulatorEvent) => boolean);

/** The fields that a pattern may have. */
export const patternFields = [
  'name',
  'channel',
  'user_id',
  'event',
  'data',
  'socket_id',
  'subscription_count',
] as const satisfies readonly (keyof WebhookEventFields)[];

type PatternField = (typeof patternFields)[number];

/** A match that has been checked. */
export interface Matcher {
  matches(event: EmulatorEvent): boolean;
  /** How many of its fields an event has, of those that were asked for; of a function 0 or 1. */
  likeness(event: EmulatorEvent): number;
  readonly description: string;
}

/** Checks a match that a test, or a request, has given. Throws an EmulatorError that says what is accepted. */
export function createMatcher(match: unknown): Matcher {
  if (typeof match === 'function') {
    // Its type is checked where it is written; at run time nothing is known of it.
    const matches = (event: EmulatorEvent): boolean => Boolean(match(event));
    return {
      matches,
      likeness: (event) => Number(matches(event)),
      description: 'an event that the given function accepts',
    };
  }
  if (typeof match !== 'object' || match === null || Array.isArray(match)) {
    throw invalidArgument(
      `expected fields of an event such as { name: 'member_removed', user_id: '42' }, or a function, got ${describeGiven(match)}`,
    );
  }
  const expected = Object.entries(match).map(([field, value]) => checkField(field, value));
  const has = (event: EmulatorEvent, [field, value]: Expected): boolean => isAccepted(event[field], value);
  return {
    matches: (event) => expected.every((one) => has(event, one)),
    likeness: (event) => expected.filter((one) => has(event, one)).length,
    description: expected.length === 0 ? 'any event' : expected.map(describeField).join(', '),
  };
}

type Expected = readonly [field: PatternField, value: string | number | RegExp];

function checkField(name: string, value: unknown): Expected {
  const field = patternFields.find((one) => one === name);
  if (field === undefined) {
    const known = patternFields.find((one) => one.replace('_', '') === name.toLowerCase());
    const hint = known === undefined ? `accepted are ${patternFields.join(', ')}` : `did you mean ${known}?`;
    throw invalidArgument(`events have no field '${name}'; ${hint}`);
  }
  if (field === 'subscription_count') {
    if (typeof value === 'number') return [field, value];
    throw invalidArgument(`${field}: expected a number, got ${describeGiven(value)}`);
  }
  if (typeof value !== 'string' && !isRegExp(value)) {
    throw invalidArgument(`${field}: expected a string or a regular expression, got ${describeGiven(value)}`);
  }
  if (field === 'name' && typeof value === 'string' && !eventNames.some((one) => one === value)) {
    throw invalidArgument(`name: expected one of ${eventNames.join(', ')}, got '${value}'`);
  }
  return [field, value];
}

/** Also one of another realm, as tests run by jest have them. */
function isRegExp(value: unknown): value is RegExp {
  return Object.prototype.toString.call(value) === '[object RegExp]';
}

function isAccepted(got: string | number | undefined, expected: string | number | RegExp): boolean {
  if (got === undefined) return false;
  // A global expression would begin where it ended last.
  if (typeof expected === 'object') return String(got).search(expected) >= 0;
  return got === expected;
}

function describeField([field, value]: Expected): string {
  return `${field} ${typeof value === 'string' ? `'${value}'` : String(value)}`;
}
