import * as v from 'valibot';
import * as field from '../config/schema/fields.ts';
import { faultsIn } from '../config/validate.ts';
import { isObject } from '../protocol/json-value.ts';
import { invalidArgument } from './emulator-error.ts';

/**
 * Parses an argument from a test or a request with a schema and returns the result. A field that is undefined counts as absent.
 * Throws an EmulatorError with ERR_ARGUMENT_INVALID that names every fault; `where` names the argument.
 */
export function check<Schema extends v.GenericSchema>(
  schema: Schema,
  given: unknown,
  where: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, withoutUndefined(given));
  if (result.success) return result.output;
  const faults = faultsIn(result.issues, schema, 'field').map(({ path, message }) =>
    path === '' ? message : `${path}: ${message}`,
  );
  throw invalidArgument(`${where}: ${faults.join('; ')}`);
}

/** A number that is not infinite. */
export function number(message = 'expected a number') {
  return v.pipe(v.number(message), v.finite(message));
}

/** Milliseconds, 0 or more; fractions are allowed. */
export function milliseconds() {
  const message = 'expected milliseconds, 0 or more';
  return v.pipe(number(message), v.minValue(0, message));
}

/** A whole number from `min`. */
export function wholeFrom(min: number) {
  const message = `expected a whole number from ${min}`;
  return v.pipe(
    v.number(message),
    v.integer(message),
    v.minValue(min, message),
    v.maxValue(Number.MAX_SAFE_INTEGER, message),
  );
}

/** The options of `reset`. */
export const resetOptions = field.group({ reconnect: v.exactOptional(field.flag()) });

function withoutUndefined(given: unknown): unknown {
  if (!isObject(given)) return given;
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
