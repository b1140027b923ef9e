import * as z from 'zod';
import { describeValue, formatPath, quote, type ConfigFault } from './checks/fault.ts';
import { kindOf } from '../protocol/json-value.ts';
import { nearest } from './checks/nearest.ts';
import { configSchema, type ParsedConfig } from './schema/schema.ts';

/** The result of validating an input. */
export type Validated =
  | { readonly kind: 'ok'; readonly config: ParsedConfig }
  | { readonly kind: 'invalid'; readonly faults: readonly ConfigFault[] };

/** Validates an input with the schema, and reports every fault once. */
export function validate(input: unknown): Validated {
  const result = configSchema.safeParse(input, { reportInput: true });
  if (result.success) return { kind: 'ok', config: result.data };
  return { kind: 'invalid', faults: faultsIn(result.error, configSchema, 'key') };
}

/**
 * Returns every fault that a schema has found, each once. `schema` must be the schema that was used, with `reportInput`. `kind` is
 * the word for a name in an object.
 */
export function faultsIn(
  error: z.ZodError,
  schema: z.ZodType,
  kind: 'key' | 'field',
): readonly ConfigFault[] {
  const faults = new Map<string, ConfigFault>();
  for (const fault of error.issues.flatMap((issue) => faultsOf(issue, schema, kind))) {
    faults.set(JSON.stringify([fault.path, fault.message]), fault);
  }
  return [...faults.values()];
}

function faultsOf(issue: z.core.$ZodIssue, schema: z.ZodType, kind: 'key' | 'field'): readonly ConfigFault[] {
  // If several forms are accepted, report the faults of the form whose kind is right.
  const suggestion =
    issue.code === 'invalid_union' ? issue.errors.find((issues) => issues.every(isInside)) : undefined;
  if (suggestion !== undefined) {
    return suggestion.flatMap((inner) =>
      faultsOf({ ...inner, path: [...issue.path, ...inner.path] }, schema, kind),
    );
  }
  if (issue.code === 'unrecognized_keys') {
    const accepted = keysAt(schema, issue.path);
    return issue.keys.map((key) => ({
      // For a key, the path leads the reader of a file to it. A field is named in the message instead.
      path: formatPath(kind === 'key' ? [...issue.path, key] : issue.path),
      message: unknownName(kind, key, accepted),
    }));
  }
  const path = formatPath(issue.path);
  // For an invalid name, the message is enough; its value may be a secret.
  if (issue.code === 'invalid_key') return [{ path, message: issue.message }];
  // A fault of several fields together has no single value to show.
  if (issue.code === 'custom' && issue.path.length === 0) return [{ path, message: issue.message }];
  if (issue.input === undefined) return [{ path, message: `missing; ${issue.message}` }];
  return [{ path, message: `${issue.message}, got ${describeInput(issue)}` }];
}

/** Whether the value has the right kind, but something inside it is wrong. */
function isInside(issue: z.core.$ZodIssue): boolean {
  return issue.path.length > 0 || issue.code === 'unrecognized_keys';
}

function describeInput(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.expected === 'string' && typeof issue.input === 'number') {
    const shown = describeValue(issue.input, issue.path);
    return shown === 'a number' ? shown : `the number ${shown}`;
  }
  const holdsOthers = issue.code === 'invalid_type' && ['object', 'array', 'record'].includes(issue.expected);
  return holdsOthers ? kindOf(issue.input) : describeValue(issue.input, issue.path);
}

/** The message for an unknown name, with the name that was probably meant, or with all accepted names. */
export function unknownName(
  kind: 'key' | 'variable' | 'field',
  name: string,
  accepted: readonly string[],
): string {
  const suggestion = nearest(name, accepted);
  const hint =
    suggestion === undefined
      ? `accepted ${kind}s: ${accepted.join(', ')}`
      : `did you mean ${quote(suggestion)}?`;
  return `unknown ${kind} ${quote(name)}; ${hint}`;
}

/** Returns the keys that a schema accepts at a path. */
function keysAt(root: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let schema = unwrap(root);
  for (const key of path) {
    if (schema instanceof z.ZodArray) schema = unwrap(schema.element);
    else if (schema instanceof z.ZodObject) schema = unwrap(schema.shape[String(key)]);
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** Returns the inner schema, without optional and default wrappers. */
function unwrap(schema: unknown): unknown {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) {
    inner = inner.unwrap();
  }
  if (inner instanceof z.ZodUnion) return inner.options.find((option) => option instanceof z.ZodObject);
  return inner;
}
