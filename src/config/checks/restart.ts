import { isDeepStrictEqual } from 'node:util';
import { backpressureFor } from './bounds.ts';
import type { Config } from '../schema/schema.ts';

/** The keys that a running server can change. All others need a restart. */
const changeable = new Map<string, (before: Config, after: Config) => boolean>([
  ['apps', () => true],
  ['limits', () => true],
  // The certificate and its key can be replaced, but a listening port cannot switch between TLS and plain text.
  ['tls', (before, after) => (before.tls === undefined) === (after.tls === undefined)],
  // If it is not set, it follows from the limits, and a larger value than they need is fine.
  [
    'maxBackpressureBytes',
    (before, after) =>
      after.maxBackpressureBytes === backpressureFor(after.apps) &&
      after.maxBackpressureBytes < before.maxBackpressureBytes,
  ],
]);

/** Returns the top-level keys that differ and that a running server cannot change; an empty list if no restart is needed. */
export function needsRestart(before: Config, after: Config): readonly string[] {
  const was = new Map(Object.entries(before));
  const is = new Map(Object.entries(after));
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((key) => !isDeepStrictEqual(was.get(key), is.get(key)))
    .filter((key) => changeable.get(key)?.(before, after) !== true);
}
