import { describeGiven, isObject } from '../../protocol/json-value.ts';
import type { Question } from '../../operations/operation.ts';
import { invalidArgument } from '../emulator-error.ts';

/** The match in a body, in which `{ "$regex": "...", "$flags": "i" }` is a regular expression. `example` is used in errors. */
export function matchOf({ body }: Question, example: object): object {
  const { match } = body;
  if (!isObject(match)) {
    throw invalidArgument(
      `match: expected fields of an event such as ${JSON.stringify(example)}, got ${describeGiven(match)}`,
    );
  }
  return Object.fromEntries(Object.entries(match).map(([name, value]) => [name, expressionOf(name, value)]));
}

function expressionOf(name: string, value: unknown): unknown {
  if (!isObject(value) || typeof value['$regex'] !== 'string') return value;
  const { $regex: source, $flags: flags = '' } = value;
  if (typeof flags !== 'string') {
    throw invalidArgument(`${name}.$flags: expected a string such as "i", got ${describeGiven(flags)}`);
  }
  try {
    return new RegExp(source, flags);
  } catch (error) {
    throw invalidArgument(`${name}.$regex: ${error instanceof Error ? error.message : String(error)}`);
  }
}
