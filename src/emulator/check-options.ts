import * as z from 'zod';
import type { ConfigFault } from '../config/checks/fault.ts';
import { kindOf } from '../protocol/json-value.ts';
import * as field from '../config/schema/fields.ts';
import { faultsIn } from '../config/validate.ts';
import { milliseconds } from './check.ts';
import type { EmulatorOptions } from './options.ts';

const mode = field.oneOf(['real', 'virtual']).optional();

/** An option that also exists in a configuration file, where it is checked. */
const ofFile = z.unknown().optional();

const options = field.group({
  apps: ofFile,
  clock: mode,
  seed: field.wholeNumber(0, 2 ** 32 - 1).optional(),
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
  patienceMs: milliseconds().optional(),
  now: z
    .custom((value) => typeof value === 'function', {
      error: 'expected a function that returns milliseconds since 1970',
    })
    .optional(),
  log: z
    .custom((value) => typeof value === 'object' && value !== null && 'info' in value, {
      error: 'expected a logger such as pino()',
    })
    .optional(),
} satisfies Record<keyof EmulatorOptions, z.ZodType>);

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
  const checked = options.safeParse(given, { reportInput: true });
  const shape: Readonly<Record<string, z.ZodType>> = options.shape;
  return {
    content: Object.fromEntries(Object.entries(given).filter(([name]) => shape[name] === ofFile)),
    faults: checked.success ? [] : faultsIn(checked.error, options, 'key'),
  };
}
