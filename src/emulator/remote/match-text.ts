import { EmulatorError } from '../emulator-error.ts';

/** Converts a match to the form of the control API: regular expressions become objects. Throws for a function, which cannot be sent. */
export function writeMatch(match: unknown): unknown {
  if (typeof match === 'function') {
    throw new EmulatorError(
      'ERR_REMOTE',
      'a function cannot be sent to an emulator in another process; give fields, as texts or regular expressions, or filter events, deliveries and published.list yourself',
    );
  }
  if (typeof match !== 'object' || match === null || Array.isArray(match)) return match;
  return Object.fromEntries(Object.entries(match).map(([name, value]) => [name, writeValue(value)]));
}

function writeValue(value: unknown): unknown {
  // This also accepts objects of another realm, which tests run by jest create.
  if (Object.prototype.toString.call(value) !== '[object RegExp]') return value;
  const [, source, flags] = /^\/([^]*)\/(\w*)$/.exec(String(value)) ?? [];
  return { $regex: source, $flags: flags };
}

/** The options of a wait, with the id instead of the event. */
export function writeWait(options: object = {}): object {
  const after: unknown = 'after' in options ? options.after : undefined;
  const id = typeof after === 'object' && after !== null && 'id' in after ? after.id : after;
  return { ...options, ...(after !== undefined && { after: id }) };
}
