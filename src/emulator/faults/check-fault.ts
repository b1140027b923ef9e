import * as v from 'valibot';
import * as field from '../../config/schema/fields.ts';
import { fieldOf } from '../../config/json.ts';
import { isUnknownKey } from '../../config/validate.ts';
import { check, wholeFrom } from '../check.ts';
import { invalidArgument } from '../emulator-error.ts';
import type { ApiFault, ConnectionDrop, ConnectionRefusal } from './client-faults.ts';
import type { WebhookFault } from './webhook-faults.ts';

const times = v.exactOptional(wholeFrom(1));
const closeCode = field.wholeNumber(4000, 4299, 'a close code');
const isOn = v.exactOptional(field.flag());

/** The effects of a webhook fault; a fault has one of them. */
const effects = ['status', 'reset', 'refuse', 'timeout', 'duplicate'] as const;

const webhookFault = v.pipe(
  field.group({
    endpoint: v.exactOptional(field.text()),
    times,
    status: v.exactOptional(field.wholeNumber(200, 599, 'an HTTP status')),
    retryAfterMs: v.exactOptional(wholeFrom(0)),
    reset: isOn,
    refuse: isOn,
    timeout: isOn,
    duplicate: isOn,
    delayMs: v.exactOptional(wholeFrom(0)),
    delivered: isOn,
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    // Nothing is known about the combination while a value is of the wrong kind.
    if (dataset.issues?.some(isOfWrongKind) === true) return;
    for (const message of combinationFaults(dataset.value)) addIssue({ message });
  }),
);

function isOfWrongKind(issue: v.BaseIssue<unknown>): boolean {
  return issue.type === 'integer' || (issue.kind === 'schema' && !isUnknownKey(issue));
}

/** What is wrong with several fields together. */
function* combinationFaults(fault: unknown): Generator<string, void> {
  const isGiven = (name: string): boolean => {
    const value = fieldOf(fault, name);
    return value !== undefined && value !== false;
  };
  const chosen = effects.filter(isGiven);
  if (chosen.length > 1) yield `${chosen.join(' and ')} cannot be combined; inject two faults`;
  if (chosen.length === 0 && !isGiven('delayMs')) yield `expected one of ${effects.join(', ')}, or delayMs`;
  if (isGiven('retryAfterMs') && !isGiven('status')) {
    yield 'retryAfterMs needs a status, because it is a header of the response';
  }
}

const apiFault = field.group({
  status: field.wholeNumber(400, 599, 'an HTTP status'),
  path: v.exactOptional(field.text()),
  body: v.exactOptional(field.text()),
  times,
});

const choices = v.union([
  v.literal('all'),
  field.group({ socketId: v.string() }),
  field.group({ userId: v.string() }),
  field.group({ channel: v.string() }),
]);
const expectedChoice = "expected 'all', { socketId }, { userId } or { channel }";
/** One sentence for all forms, because the intended form is unknown. */
const choice = v.custom<v.InferOutput<typeof choices>>((value) => v.is(choices, value), expectedChoice);

const drop = field.group({ drop: choice, code: v.exactOptional(closeCode) });
const refusal = field.group({ refuse: closeCode, times });

/** Checks a fault from a test or a request. Throws an EmulatorError that states what is accepted. */
export function checkWebhookFault(given: unknown): WebhookFault {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what does not do one thing has been refused
  return check(webhookFault, given, 'faults.webhooks') as unknown as WebhookFault;
}

/** The same for a fault of the HTTP API. */
export function checkApiFault(given: unknown): ApiFault {
  return check(apiFault, given, 'faults.api');
}

/** The same for a fault of connections, which closes open ones or refuses new ones. */
export function checkConnectionFault(given: unknown): ConnectionDrop | ConnectionRefusal {
  const name = 'faults.connections';
  if (typeof given !== 'object' || given === null) return check(drop, given, name);
  const [drops, refuses] = ['drop' in given, 'refuse' in given];
  if (drops && refuses)
    throw invalidArgument(`${name}: drop and refuse cannot be combined; inject two faults`);
  if (refuses) return check(refusal, given, name);
  if (drops) return check(drop, given, name);
  throw invalidArgument(
    `${name}: expected drop (${expectedChoice}), or refuse with a close code such as 4100`,
  );
}
