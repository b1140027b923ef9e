import { validateHeaderName, validateHeaderValue } from 'node:http';
import * as z from 'zod';
import * as field from '../config/schema/fields.ts';
import { check, milliseconds, wholeFrom } from '../emulator/check.ts';
import { invalidArgument } from '../emulator/emulator-error.ts';
import type { EventName } from '../webhooks/event.ts';
import { checkMatch } from '../webhooks/event-match.ts';
import type { ReceivedEvent } from '../webhooks/received.ts';
import type { Answer, PlannedAnswer, ReceivedMatch, ReceivedWait, ReceiverOptions } from './types.ts';

const statusError = { error: "expected a number from 200 to 599, 'hang' or 'reset'" };
const code = z.number(statusError).int(statusError).min(200, statusError).max(599, statusError);
const status = z.union([z.literal(['hang', 'reset']), code], statusError);

const delayError = { error: `expected milliseconds from 0 to ${field.dayMs}` };
const delayMs = z.number(delayError).min(0, delayError).max(field.dayMs, delayError);

/** Node refuses other headers while it writes the response, when it is too late to tell the test. */
const headers = z
  .record(z.string(), z.string({ error: 'expected a string' }), {
    error: "expected an object such as { 'retry-after': '5' }",
  })
  .superRefine((given, context) => {
    for (const [name, value] of Object.entries(given)) {
      const reason = faultOfHeader(name, value);
      if (reason !== undefined)
        context.addIssue({ code: 'custom', message: reason, path: [name], input: value });
    }
  });

const body = z.string({ error: 'expected a string; write an object as JSON.stringify(object)' });

const answer = field.group({
  status: status.exactOptional(),
  delayMs: delayMs.exactOptional(),
  headers: headers.exactOptional(),
  body: body.exactOptional(),
} satisfies Record<keyof Answer, z.ZodType>);

const plan = answer.extend({
  times: z
    .union([z.literal(Infinity), wholeFrom(1)], { error: 'expected a whole number from 1' })
    .exactOptional(),
} satisfies Record<Exclude<keyof PlannedAnswer, keyof Answer>, z.ZodType>);

const wait = field.group({
  timeoutMs: milliseconds().exactOptional(),
  nth: wholeFrom(1).exactOptional(),
} satisfies Record<keyof ReceivedWait, z.ZodType>);

const secrets = z.record(z.string(), field.text(), {
  error: "expected an object such as { 'app-key': 'app-secret' }",
});

const pathError = { error: 'expected a path such as /webhooks' };

const options = field.group({
  secret: field.nonEmptyText().exactOptional(),
  secrets: secrets.exactOptional(),
  host: field.host().exactOptional(),
  port: field.wholeNumber(0, 65_535).exactOptional(),
  path: z.string(pathError).startsWith('/', pathError).exactOptional(),
  respond: aFunction().exactOptional(),
  onWebhook: aFunction().exactOptional(),
  maxAgeMs: z
    .union([z.literal(Infinity), milliseconds()], { error: 'expected milliseconds, 0 or more' })
    .exactOptional(),
  memory: wholeFrom(1).exactOptional(),
} satisfies Record<keyof ReceiverOptions, z.ZodType>);

/** Throws ERR_ARGUMENT_INVALID for unknown or invalid options. */
export function checkOptions(given: ReceiverOptions): void {
  check(options, given, 'startReceiver');
}

/** Throws ERR_ARGUMENT_INVALID for an invalid plan. */
export function checkPlan(given: PlannedAnswer): void {
  check(plan, given, 'respondWith');
}

/** Throws ERR_ARGUMENT_INVALID for an answer that HTTP or timers do not support. */
export function checkAnswer(given: Answer): void {
  check(answer, given, 'respond');
}

/** Throws ERR_ARGUMENT_INVALID for invalid options of a wait. */
export function checkWait(given: ReceivedWait): void {
  check(wait, given, 'the options of waiting');
}

/** The function that a match stands for. Throws ERR_ARGUMENT_INVALID, stating what is accepted. */
export function toRule<Name extends EventName>(
  match: ReceivedMatch<Name>,
): (event: ReceivedEvent) => event is ReceivedEvent<Name> {
  const checked = checkMatch<ReceivedEvent>(match);
  if (checked.kind === 'wrong') throw invalidArgument(checked.reason);
  return (event): event is ReceivedEvent<Name> => checked.matcher.matches(event);
}

function aFunction() {
  return z.custom((value) => typeof value === 'function', { error: 'expected a function' });
}

function faultOfHeader(name: string, value: string): string | undefined {
  try {
    validateHeaderName(name);
  } catch {
    return 'expected the name of a header';
  }
  try {
    validateHeaderValue(name, value);
  } catch {
    return 'expected a text that a header can contain';
  }
  return undefined;
}
