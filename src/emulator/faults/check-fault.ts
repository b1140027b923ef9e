import * as z from 'zod';
import * as field from '../../config/schema/fields.ts';
import { check, codeBetween, wholeFrom } from '../check.ts';
import { invalidArgument } from '../emulator-error.ts';
import type { ApiFault, ConnectionDrop, ConnectionRefusal } from './client-faults.ts';
import type { WebhookFault } from './webhook-faults.ts';

const times = wholeFrom(1).exactOptional();
const closeCode = codeBetween(4000, 4299, 'a close code');
const isOn = field.flag().exactOptional();

/** The effects of a webhook fault; a fault has one of them. */
const effects = ['status', 'reset', 'refuse', 'timeout', 'duplicate'] as const;

const webhookFault = field
  .group({
    endpoint: field.text().exactOptional(),
    times,
    status: codeBetween(200, 599, 'an HTTP status').exactOptional(),
    retryAfterMs: wholeFrom(0).exactOptional(),
    reset: isOn,
    refuse: isOn,
    timeout: isOn,
    duplicate: isOn,
    delayMs: wholeFrom(0).exactOptional(),
    delivered: isOn,
  })
  .superRefine((fault, context) => {
    const chosen = effects.filter((effect) => fault[effect] !== undefined && fault[effect] !== false);
    if (chosen.length > 1) context.addIssue(`${chosen.join(' and ')} cannot be combined; inject two faults`);
    if (chosen.length === 0 && fault.delayMs === undefined) {
      context.addIssue(`expected one of ${effects.join(', ')}, or delayMs`);
    }
    if (fault.retryAfterMs !== undefined && fault.status === undefined) {
      context.addIssue('retryAfterMs needs a status, because it is a header of the response');
    }
  });

const apiFault = field.group({
  status: codeBetween(400, 599, 'an HTTP status'),
  path: field.text().exactOptional(),
  body: field.text().exactOptional(),
  times,
});

const choices = z.union([
  z.literal('all'),
  z.strictObject({ socketId: z.string() }),
  z.strictObject({ userId: z.string() }),
  z.strictObject({ channel: z.string() }),
]);
const expectedChoice = "expected 'all', { socketId }, { userId } or { channel }";
/** One sentence for all forms, because the intended form is unknown. */
const choice = z.custom<z.output<typeof choices>>((value) => choices.safeParse(value).success, {
  error: expectedChoice,
});

const drop = field.group({ drop: choice, code: closeCode.exactOptional() });
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
