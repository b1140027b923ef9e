import { isDeepStrictEqual } from 'node:util';
import { backpressureFor } from './bounds.ts';
import type { Config } from '../schema/schema.ts';

/** What a running server can take on; whatever is not listed needs a restart. */
const changeable = new Map<string, (before: Config, after: Config) => boolean>([
  ['apps', () => true],
  ['limits', () => true],
  // The certificate and its key can be exchanged, but a listening port cannot begin or cease to speak TLS.
  ['tls', (before, after) => (before.tls === undefined) === (after.tls === undefined)],
  // Where nobody set it, it follows from the limits, and what is more than enough for them is no matter.
  [
    'maxBackpressureBytes',
    (before, after) =>
      after.maxBackpressureBytes === backpressureFor(after.apps) &&
      after.maxBackpressureBytes < before.maxBackpressureBytes,
  ],
]);

/** The top-level keys whose values differ and which a running server cannot change; none when it can go on. */
export function needsRestart(before: Config, after: Config): readonly string[] {
  const was = new Map(Object.entries(before));
  const is = new Map(Object.entries(after));
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((key) => !isDeepStrictEqual(was.get(key), is.get(key)))
    .filter((key) => changeable.get(key)?.(before, after) !== true);
}
