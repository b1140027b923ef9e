import * as v from 'valibot';
import type { ConfigFault } from '../checks/fault.ts';
import { quote } from '../checks/fault.ts';
import * as field from './fields.ts';
import { fieldOf } from '../json.ts';
import { defaultHost, isLoopback } from '../hosts.ts';

const settings = field.group({
  token: field.optional(
    field.nonEmptyText(),
    'The token that requests must send as Authorization: Bearer TOKEN. Required unless the host is a loopback address.',
  ),
  clock: field.withDefault(
    field.oneOf(['real', 'virtual']),
    'real',
    'real, or virtual: time stands still until a test moves it.',
  ),
  seed: field.optional(
    field.wholeNumber(0, 2 ** 32 - 1),
    'The seed of all random numbers. The same seed gives the same schedule, socket ids and webhook ids.',
  ),
  patienceMs: field.withDefault(
    field.milliseconds(),
    1000,
    'How much real time an endpoint has to answer before the virtual clock moves on without it.',
  ),
});

/** The control key of a file: an object, or true for the defaults. */
export const control = field.optional(
  field.flagOr(settings),
  'Serve the control API at /control, for tests. true, false, or an object. Refused in production.',
);

/** The settings of the control API. */
export type ControlConfig = v.InferOutput<typeof settings>;

/** Returns the settings; undefined if the control API is not served. */
export function resolveControl(parsed: v.InferOutput<typeof control>): ControlConfig | undefined {
  if (parsed === undefined || parsed === false) return undefined;
  return parsed === true ? v.parse(settings, {}) : parsed;
}

/** The control API can change everything, so it is only for tests and, without a token, only for this machine. */
export function controlFaults(input: unknown, production: boolean): readonly ConfigFault[] {
  const given = fieldOf(input, 'control');
  if (given === undefined || given === false) return [];
  const host = fieldOf(input, 'host') ?? defaultHost;
  const faults: ConfigFault[] = [];
  if (production) {
    const message =
      'is not served when NODE_ENV is production; leave it out, or set NODE_ENV to something else';
    faults.push({ path: 'control', message });
  }
  if (fieldOf(input, 'redis') !== undefined) {
    faults.push({ path: 'control', message: 'works only on a single node; leave out redis' });
  }
  // The schema has already reported a host of another type.
  if (typeof host === 'string' && !isLoopback(host) && fieldOf(given, 'token') === undefined) {
    const message = `missing; on the host ${quote(host)} other machines can reach the control API. Give a token, or listen on 127.0.0.1`;
    faults.push({ path: 'control.token', message });
  }
  return faults;
}
