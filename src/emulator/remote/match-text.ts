import { EmulatorError } from '../emulator-error.ts';

/** A match as the control API takes it: regular expressions as objects. Throws for a function, which stays in its process. */
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
  // Also one of another realm, as tests run by jest have them.
  if (Object.prototype.toString.call(value) !== '[object RegExp]') return value;
  const [, source, flags] = /^\/([^]*)\/(\w*)$/.exec(String(value)) ?? [];
  return { $regex: source, $flags: flags };
}

/** Options of a wait, with the event that they name by its id. */
export function writeWait(options: object = {}): object {
  const after: unknown = 'after' in options ? options.after : undefined;
  const id = typeof after === 'object' && after !== null && 'id' in after ? after.id : after;
  return { ...options, ...(after !== undefined && { after: id }) };
}
