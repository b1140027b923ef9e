import * as z from 'zod';
import * as field from '../config/schema/fields.ts';
import { faultsIn } from '../config/validate.ts';
import { isObject } from '../protocol/json-value.ts';
import { invalidArgument } from './emulator-error.ts';

/**
 * Parses an argument from a test or a request with a schema and returns the result. A field that is undefined counts as absent.
 * Throws an EmulatorError with ERR_ARGUMENT_INVALID that names every fault; `where` names the argument.
 */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  given: unknown,
  where: string,
): z.output<Schema> {
  const result = schema.safeParse(withoutUndefined(given), { reportInput: true });
  if (result.success) return result.data;
  const faults = faultsIn(result.error, schema, 'field').map(({ path, message }) =>
    path === '' ? message : `${path}: ${message}`,
  );
  throw invalidArgument(`${where}: ${faults.join('; ')}`);
}

/** Milliseconds, 0 or more; fractions are allowed. */
export function milliseconds() {
  const error = 'expected milliseconds, 0 or more';
  return z.number({ error }).min(0, { error });
}

/** A whole number from `min`. */
export function wholeFrom(min: number) {
  const error = `expected a whole number from ${min}`;
  return z.number({ error }).int({ error }).min(min, { error });
}

/** A whole number from `min` to `max`, both included; `what` names it, such as "an HTTP status". */
export function codeBetween(min: number, max: number, what: string) {
  const error = `expected ${what} from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

/** The options of `reset`. */
export const resetOptions = field.group({ reconnect: field.flag().exactOptional() });

function withoutUndefined(given: unknown): unknown {
  if (!isObject(given)) return given;
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
