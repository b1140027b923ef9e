import type { EventName } from '../webhooks/event.ts';
import { checkMatch } from '../webhooks/event-match.ts';
import { invalidArgument } from '../emulator/emulator-error.ts';
import { describeGiven, describeUnknown } from '../webhooks/given.ts';
import type { ReceivedEvent } from '../webhooks/received.ts';
import type { Answer, PlannedAnswer, ReceivedMatch, ReceivedWait, ReceiverOptions } from './types.ts';

/** Every option, so that a misspelled one can be reported. */
const optionNames: Readonly<Record<keyof ReceiverOptions, true>> = {
  secret: true,
  secrets: true,
  host: true,
  port: true,
  path: true,
  respond: true,
  onWebhook: true,
  maxAgeMs: true,
  memory: true,
};
const answerNames: Readonly<Record<keyof Answer, true>> = {
  status: true,
  delayMs: true,
  headers: true,
  body: true,
};
const planNames: Readonly<Record<keyof PlannedAnswer, true>> = { ...answerNames, times: true };
const waitNames: Readonly<Record<keyof ReceivedWait, true>> = { timeoutMs: true, nth: true };

/** Throws ERR_ARGUMENT_INVALID for an unknown option or an invalid path. */
export function checkOptions(options: ReceiverOptions): void {
  refuseUnknown('startReceiver', options, optionNames);
  const { path } = options;
  if (path !== undefined && !path.startsWith('/')) {
    throw invalidArgument(`path: expected a path such as /webhooks, got ${describeGiven(path)}`);
  }
}

/** Throws ERR_ARGUMENT_INVALID for an invalid plan. */
export function checkPlan({ times = Infinity, ...answer }: PlannedAnswer): void {
  refuseUnknown('respondWith', answer, planNames);
  if (times !== Infinity && !(Number.isSafeInteger(times) && times > 0)) {
    throw invalidArgument(`times: expected a whole number from 1, got ${times}`);
  }
  checkAnswer(answer);
}

/** Throws ERR_ARGUMENT_INVALID for a status or delay that HTTP or timers do not support. */
export function checkAnswer(answer: Answer): void {
  refuseUnknown('an answer', answer, answerNames);
  const { status = 200, delayMs = 0 } = answer;
  if (typeof status === 'number' && !(Number.isInteger(status) && status >= 200 && status <= 599)) {
    throw invalidArgument(`status: expected a number from 200 to 599, 'hang' or 'reset', got ${status}`);
  }
  if (!(delayMs >= 0 && delayMs <= 86_400_000)) {
    throw invalidArgument(`delayMs: expected milliseconds from 0 to 86400000, got ${delayMs}`);
  }
}

/** Throws ERR_ARGUMENT_INVALID for an unknown option of a wait. */
export function checkWait(wait: ReceivedWait): void {
  refuseUnknown('the options of waiting', wait, waitNames);
}

/** The function that a match stands for. Throws ERR_ARGUMENT_INVALID, stating what is accepted. */
export function toRule<Name extends EventName>(
  match: ReceivedMatch<Name>,
): (event: ReceivedEvent) => event is ReceivedEvent<Name> {
  const checked = checkMatch<ReceivedEvent>(match);
  if (checked.kind === 'wrong') throw invalidArgument(checked.reason);
  return (event): event is ReceivedEvent<Name> => checked.matcher.matches(event);
}

function refuseUnknown(where: string, given: object, accepted: Readonly<Record<string, true>>): void {
  const unknown = describeUnknown(where, Object.keys(given), Object.keys(accepted));
  if (unknown !== undefined) throw invalidArgument(unknown);
}
