import { invalidArgument, refuseUnknown } from './emulator-error.ts';
import type { ApiFault, ConnectionChoice, ConnectionDrop, ConnectionRefusal } from './client-faults.ts';
import type { WebhookFault } from './webhook-faults.ts';

/** How a field must be, and how to say so. */
interface Field {
  readonly isValid: (value: unknown) => boolean;
  readonly expected: string;
}

const wholeFrom = (min: number, max: number, what = 'a whole number'): Field => ({
  isValid: (value) => typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max,
  expected: max === Infinity ? `${what} from ${min}` : `${what} from ${min} to ${max}`,
});
const text: Field = { isValid: (value) => typeof value === 'string', expected: 'a string' };
const flag: Field = { isValid: (value) => typeof value === 'boolean', expected: 'true or false' };
const times = wholeFrom(1, Infinity);
const closeCode = wholeFrom(4000, 4299, 'a close code');

const webhookFields: Readonly<Record<keyof WebhookFault, Field>> = {
  endpoint: text,
  times,
  status: wholeFrom(200, 599, 'an HTTP status'),
  retryAfterMs: wholeFrom(0, Infinity),
  reset: flag,
  refuse: flag,
  timeout: flag,
  duplicate: flag,
  delayMs: wholeFrom(0, Infinity),
  delivered: flag,
};

const apiFields: Readonly<Record<keyof ApiFault, Field>> = {
  status: wholeFrom(400, 599, 'an HTTP status'),
  path: text,
  body: text,
  times,
};

const choice: Field = {
  isValid: (value) => value === 'all' || isChoice(value),
  expected: `'all', { socketId }, { userId } or { channel }`,
};

/** What a webhook fault may do, of which it does one. */
const effects = ['status', 'reset', 'refuse', 'timeout', 'duplicate'] as const;

/** Checks a fault that a test, or a request, has given. Throws an EmulatorError that says what is accepted. */
export function checkWebhookFault(given: unknown): WebhookFault {
  const fault: WebhookFault = checkFields('faults.webhooks', given, webhookFields);
  const chosen = effects.filter((effect) => fault[effect] !== undefined && fault[effect] !== false);
  if (chosen.length > 1) {
    throw invalidArgument(`faults.webhooks: ${chosen.join(' and ')} exclude each other; inject two faults`);
  }
  if (chosen.length === 0 && fault.delayMs === undefined) {
    throw invalidArgument(`faults.webhooks: expected one of ${effects.join(', ')}, or delayMs`);
  }
  return fault;
}

/** The same for a fault of the HTTP API. */
export function checkApiFault(given: unknown): ApiFault {
  const fault: Partial<ApiFault> = checkFields('faults.api', given, apiFields);
  const { status, ...rest } = fault;
  if (status === undefined)
    throw invalidArgument('faults.api: status is missing; expected an HTTP status from 400 to 599');
  return { ...rest, status };
}

/** The same for connections: what ends those there are, or refuses those that come. */
export function checkConnectionFault(given: unknown): ConnectionDrop | ConnectionRefusal {
  const name = 'faults.connections';
  if (typeof given === 'object' && given !== null && 'refuse' in given) {
    const { refuse, ...rest }: Partial<ConnectionRefusal> = checkFields(name, given, {
      refuse: closeCode,
      times,
    });
    return { ...rest, refuse: refuse ?? 4100 };
  }
  const { drop, ...rest }: Partial<ConnectionDrop> = checkFields(name, given, {
    drop: choice,
    code: closeCode,
  });
  if (drop === undefined) {
    throw invalidArgument(
      `${name}: expected drop (${choice.expected}), or refuse with a close code such as 4100`,
    );
  }
  return { ...rest, drop };
}

function checkFields(name: string, given: unknown, fields: Readonly<Record<string, Field>>): object {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalidArgument(`${name}: expected an object with ${Object.keys(fields).join(', ')}`);
  }
  refuseUnknown(name, Object.keys(given), Object.keys(fields));
  for (const [key, value] of Object.entries(given)) {
    const field = fields[key];
    if (field !== undefined && value !== undefined && !field.isValid(value)) {
      throw invalidArgument(`${name}: ${key}: expected ${field.expected}, got ${JSON.stringify(value)}`);
    }
  }
  // Fields that are given as undefined are not given.
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function isChoice(value: unknown): value is Exclude<ConnectionChoice, 'all'> {
  if (typeof value !== 'object' || value === null) return false;
  const entries = Object.entries(value);
  const [entry] = entries;
  if (entries.length !== 1 || entry === undefined) return false;
  return ['socketId', 'userId', 'channel'].includes(entry[0]) && typeof entry[1] === 'string';
}
