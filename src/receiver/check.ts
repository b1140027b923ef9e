import { validateHeaderName, validateHeaderValue } from 'node:http';
import { invalidArgument } from '../emulator/emulator-error.ts';
import type { EventName } from '../webhooks/event.ts';
import { checkMatch } from '../webhooks/event-match.ts';
import { describeGiven, isObject, isText } from '../protocol/json-value.ts';
import { describeUnknownField } from '../protocol/unknown-field.ts';
import type { ReceivedEvent } from '../webhooks/received.ts';
import type { Answer, PlannedAnswer, ReceivedMatch, ReceivedWait, ReceiverOptions } from './types.ts';

/** What a field accepts, for its check and for the error. */
interface Rule {
  readonly accepts: (value: unknown) => boolean;
  readonly expected: string;
}

/** A rule for every field of `T`, so that a misspelled one can be reported. */
type Rules<T> = Readonly<Record<keyof T, Rule>>;

const longestDelayMs = 86_400_000;

const aText: Rule = { accepts: isText, expected: 'a string' };
const aSecret: Rule = { accepts: (value) => isText(value) && value !== '', expected: 'a non-empty string' };
const aFunction: Rule = { accepts: (value) => typeof value === 'function', expected: 'a function' };
const aCount: Rule = {
  accepts: (value) => value === Infinity || isWhole(value, 1, Number.MAX_SAFE_INTEGER),
  expected: 'a whole number from 1',
};
const aDuration: Rule = {
  accepts: (value) => typeof value === 'number' && value >= 0,
  expected: 'milliseconds, 0 or more',
};

const answerRules: Rules<Answer> = {
  status: {
    accepts: (value) => value === 'hang' || value === 'reset' || isWhole(value, 200, 599),
    expected: "a number from 200 to 599, 'hang' or 'reset'",
  },
  delayMs: {
    accepts: (value) => typeof value === 'number' && value >= 0 && value <= longestDelayMs,
    expected: `milliseconds from 0 to ${longestDelayMs}`,
  },
  headers: { accepts: areHeaders, expected: "an object of header fields such as { 'retry-after': '5' }" },
  body: { ...aText, expected: 'a string; write an object as JSON.stringify(object)' },
};

const planRules: Rules<PlannedAnswer> = { ...answerRules, times: aCount };

const waitRules: Rules<ReceivedWait> = { timeoutMs: aDuration, nth: aCount };

const optionRules: Rules<ReceiverOptions> = {
  secret: aSecret,
  secrets: {
    accepts: (value) => isObject(value) && Object.values(value).every(aSecret.accepts),
    expected: "an object of secrets such as { 'app-key': 'app-secret' }",
  },
  host: aText,
  port: { accepts: (value) => isWhole(value, 0, 65_535), expected: 'a whole number from 0 to 65535' },
  path: { accepts: (value) => isText(value) && value.startsWith('/'), expected: 'a path such as /webhooks' },
  respond: aFunction,
  onWebhook: aFunction,
  maxAgeMs: aDuration,
  memory: aCount,
};

/** Fields whose values errors must not show. */
const secretFields: ReadonlySet<string> = new Set<keyof ReceiverOptions>(['secret', 'secrets']);

/** Throws ERR_ARGUMENT_INVALID for unknown or invalid options. */
export function checkOptions(options: ReceiverOptions): void {
  check('startReceiver', options, optionRules);
}

/** Throws ERR_ARGUMENT_INVALID for an invalid plan. */
export function checkPlan(plan: PlannedAnswer): void {
  check('respondWith', plan, planRules);
}

/** Throws ERR_ARGUMENT_INVALID for an answer that HTTP or timers do not support, before Node would throw. */
export function checkAnswer(answer: Answer): void {
  check('respond', answer, answerRules);
}

/** Throws ERR_ARGUMENT_INVALID for unknown or invalid options of a wait. */
export function checkWait(wait: ReceivedWait): void {
  check('the options of waiting', wait, waitRules);
}

/** The function that a match stands for. Throws ERR_ARGUMENT_INVALID, stating what is accepted. */
export function toRule<Name extends EventName>(
  match: ReceivedMatch<Name>,
): (event: ReceivedEvent) => event is ReceivedEvent<Name> {
  const checked = checkMatch<ReceivedEvent>(match);
  if (checked.kind === 'wrong') throw invalidArgument(checked.reason);
  return (event): event is ReceivedEvent<Name> => checked.matcher.matches(event);
}

/** A field that is undefined counts as absent. */
function check(where: string, given: unknown, rules: Readonly<Record<string, Rule>>): void {
  if (!isObject(given)) throw invalidArgument(`${where}: expected an object, got ${describeGiven(given)}`);
  const unknown = describeUnknownField(where, Object.keys(given), Object.keys(rules));
  if (unknown !== undefined) throw invalidArgument(unknown);
  for (const [name, { accepts, expected }] of Object.entries(rules)) {
    const value = given[name];
    if (value === undefined || accepts(value)) continue;
    const got = secretFields.has(name) && value !== '' ? 'another value' : describeGiven(value);
    throw invalidArgument(`${where}: ${name}: expected ${expected}, got ${got}`);
  }
}

function isWhole(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

function areHeaders(value: unknown): boolean {
  if (!isObject(value)) return false;
  try {
    for (const [name, text] of Object.entries(value)) {
      if (!isText(text)) return false;
      validateHeaderName(name);
      validateHeaderValue(name, text);
    }
    return true;
  } catch {
    return false;
  }
}
