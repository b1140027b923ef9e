import * as v from 'valibot';
import { describeValue, formatPath, quote, type ConfigFault, type Path } from './checks/fault.ts';
import { fieldOf, itemsOf } from './json.ts';
import { kindOf } from '../protocol/json-value.ts';
import { nearest } from './checks/nearest.ts';
import { configSchema, type ParsedConfig } from './schema/schema.ts';

/** The result of validating an input. */
export type Validated =
  | { readonly kind: 'ok'; readonly config: ParsedConfig }
  | { readonly kind: 'invalid'; readonly faults: readonly ConfigFault[] };

/** Validates an input with the schema, and reports every fault once. */
export function validate(input: unknown): Validated {
  const result = v.safeParse(configSchema, input);
  if (result.success) return { kind: 'ok', config: result.output };
  return { kind: 'invalid', faults: faultsIn(result.issues, configSchema, 'key') };
}

/**
 * Returns every fault that a schema has found, each once. `schema` must be the schema that was used. `kind` is the word for a name
 * in an object.
 */
export function faultsIn(
  issues: readonly Issue[],
  schema: v.GenericSchema,
  kind: 'key' | 'field',
): readonly ConfigFault[] {
  const faults = new Map<string, ConfigFault>();
  for (const fault of issues.flatMap((issue) => faultsOf(issue, pathOf(issue), { schema, kind }))) {
    faults.set(JSON.stringify([fault.path, fault.message]), fault);
  }
  return [...faults.values()];
}

type Issue = v.BaseIssue<unknown>;

function pathOf(issue: Issue): Path {
  return issue.path?.map(({ key }) => (typeof key === 'number' ? key : String(key))) ?? [];
}

function faultsOf(
  issue: Issue,
  path: Path,
  { schema, kind }: { readonly schema: v.GenericSchema; readonly kind: 'key' | 'field' },
): readonly ConfigFault[] {
  // If several forms are accepted, report the faults of the form whose kind is right: only these are inside the value.
  const inside = issue.issues?.filter((inner) => inner.path !== undefined) ?? [];
  if (inside.length > 0) {
    return inside.flatMap((inner) => faultsOf(inner, [...path, ...pathOf(inner)], { schema, kind }));
  }
  if (isUnknownKey(issue)) {
    const place = path.slice(0, -1);
    const accepted = keysAt(schema, place);
    // valibot reports only the first one.
    const unknown = keysOf(issue.path?.at(-1)?.input).filter((key) => !accepted.includes(key));
    return unknown.map((key) => ({
      // For a key, the path leads the reader of a file to it. A field is named in the message instead.
      path: formatPath(kind === 'key' ? [...place, key] : place),
      message: unknownName(kind, key, accepted),
    }));
  }
  return [{ path: formatPath(path), message: messageOf(issue, path) }];
}

/** The keys of an object as valibot sees them, inherited ones included. */
function keysOf(value: unknown): readonly string[] {
  const keys: string[] = [];
  for (const key in Object(value)) keys.push(key);
  return keys;
}

/** Whether an object has a key that is not accepted. */
export function isUnknownKey({ type, expected }: Issue): boolean {
  return type === 'strict_object' && expected === 'never';
}

function messageOf(issue: Issue, path: Path): string {
  const { input, message } = issue;
  if (input === undefined) return `missing; ${message}`;
  // For an invalid name, the message is enough; its value may be a secret. A fault of several fields together has no single value.
  const isOfName = issue.path?.at(-1)?.origin === 'key';
  const isOfSeveral = issue.type === 'raw_check';
  return isOfName || isOfSeveral ? message : `${message}, got ${describeInput(issue, path)}`;
}

function describeInput({ type, input }: Issue, path: Path): string {
  if (type === 'string' && typeof input === 'number') {
    const shown = describeValue(input, path);
    return shown === 'a number' ? shown : `the number ${shown}`;
  }
  const holdsOthers = ['strict_object', 'loose_object', 'array', 'record'].includes(type);
  return holdsOthers ? kindOf(input) : describeValue(input, path);
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
function keysAt(root: v.GenericSchema, path: Path): readonly string[] {
  let schema = unwrap(root);
  for (const key of path) {
    schema = unwrap(fieldOf(schema, 'item') ?? fieldOf(fieldOf(schema, 'entries'), String(key)));
  }
  return Object.keys(fieldOf(schema, 'entries') ?? {});
}

/** Returns the schema of an object or an array in a schema that accepts its absence or other forms too. */
function unwrap(schema: unknown): unknown {
  const wrapped = fieldOf(schema, 'wrapped');
  if (wrapped !== undefined) return unwrap(wrapped);
  return itemsOf(fieldOf(schema, 'options')).find((form) => fieldOf(form, 'entries') !== undefined) ?? schema;
}
