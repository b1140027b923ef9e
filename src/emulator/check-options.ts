import * as v from 'valibot';
import type { ConfigFault } from '../config/checks/fault.ts';
import { kindOf } from '../protocol/json-value.ts';
import * as field from '../config/schema/fields.ts';
import { faultsIn } from '../config/validate.ts';
import { milliseconds } from './check.ts';
import type { EmulatorOptions } from './options.ts';

const mode = v.optional(field.oneOf(['real', 'virtual']));

/** An option that also exists in a configuration file, where it is checked. */
const ofFile = v.optional(v.unknown());

const options = field.group({
  apps: ofFile,
  clock: mode,
  seed: v.optional(field.wholeNumber(0, 2 ** 32 - 1)),
  liveness: mode,
  host: ofFile,
  port: ofFile,
  path: ofFile,
  tls: ofFile,
  limits: ofFile,
  webhooks: ofFile,
  cacheTtlMs: ofFile,
  activityTimeoutMs: ofFile,
  pongTimeoutMs: ofFile,
  maxBackpressureBytes: ofFile,
  compression: ofFile,
  dashboard: ofFile,
  control: ofFile,
  patienceMs: v.optional(milliseconds()),
  now: v.optional(v.function('expected a function that returns milliseconds since 1970')),
  log: v.optional(
    v.custom(
      (value) => typeof value === 'object' && value !== null && 'info' in value,
      'expected a logger such as pino()',
    ),
  ),
} satisfies Record<keyof EmulatorOptions, v.GenericSchema>);

/**
 * Splits unchecked options into those that a configuration file also has, which are checked as its content, and the faults of
 * the others.
 */
export function sortOptions(given: unknown): {
  readonly content: Readonly<Record<string, unknown>>;
  readonly faults: readonly ConfigFault[];
} {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return {
      content: {},
      faults: [{ path: 'options', message: `expected an object, got ${kindOf(given)}` }],
    };
  }
  const checked = v.safeParse(options, given);
  const entries: Readonly<Record<string, v.GenericSchema>> = options.entries;
  return {
    content: Object.fromEntries(Object.entries(given).filter(([name]) => entries[name] === ofFile)),
    faults: checked.success ? [] : faultsIn(checked.issues, options, 'key'),
  };
}
