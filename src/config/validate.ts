import * as z from 'zod';
import { describeKind, describeValue, formatPath, quote, type ConfigFault } from './fault.ts';
import { nearest } from './nearest.ts';
import { configSchema, type ParsedConfig } from './schema.ts';

/** What came of comparing an input with the schema. */
export type Validated =
  | { readonly kind: 'ok'; readonly config: ParsedConfig }
  | { readonly kind: 'invalid'; readonly faults: readonly ConfigFault[] };

/** Compares an input with the schema and reports every fault, each once. */
export function validate(input: unknown): Validated {
  const result = configSchema.safeParse(input, { reportInput: true });
  if (result.success) return { kind: 'ok', config: result.data };
  const faults = new Map<string, ConfigFault>();
  for (const fault of result.error.issues.flatMap(faultsOf)) {
    faults.set(JSON.stringify([fault.path, fault.message]), fault);
  }
  return { kind: 'invalid', faults: [...faults.values()] };
}

function faultsOf(issue: z.core.$ZodIssue): readonly ConfigFault[] {
  // Of several forms the one is meant that is right as far as its kind goes.
  const meant =
    issue.code === 'invalid_union' ? issue.errors.find((issues) => issues.every(isInside)) : undefined;
  if (meant !== undefined) {
    return meant.flatMap((inner) => faultsOf({ ...inner, path: [...issue.path, ...inner.path] }));
  }
  if (issue.code === 'unrecognized_keys') {
    const accepted = keysAt(issue.path);
    return issue.keys.map((key) => ({
      path: formatPath([...issue.path, key]),
      message: unknownName('key', key, accepted),
    }));
  }
  const path = formatPath(issue.path);
  // A faulty name says all by itself; what it names may be a secret.
  if (issue.code === 'invalid_key') return [{ path, message: issue.message }];
  if (issue.input === undefined) return [{ path, message: `missing; ${issue.message}` }];
  return [{ path, message: `${issue.message}, got ${describeInput(issue)}` }];
}

/** Whether an object is the right thing, but something in it is not. */
function isInside(issue: z.core.$ZodIssue): boolean {
  return issue.path.length > 0 || issue.code === 'unrecognized_keys';
}

function describeInput(issue: z.core.$ZodIssue): string {
  const holdsOthers = issue.code === 'invalid_type' && ['object', 'array', 'record'].includes(issue.expected);
  return holdsOthers ? describeKind(issue.input) : describeValue(issue.input, issue.path);
}

/** Says that a name is unknown, and which one was meant, or which there are. */
export function unknownName(kind: 'key' | 'variable', name: string, accepted: readonly string[]): string {
  const meant = nearest(name, accepted);
  const hint =
    meant === undefined ? `accepted ${kind}s: ${accepted.join(', ')}` : `did you mean ${quote(meant)}?`;
  return `unknown ${kind} ${quote(name)}; ${hint}`;
}

/** The keys that the schema knows at a path. */
function keysAt(path: readonly PropertyKey[]): readonly string[] {
  let schema = unwrap(configSchema);
  for (const key of path) {
    if (schema instanceof z.ZodArray) schema = unwrap(schema.element);
    else if (schema instanceof z.ZodObject) schema = unwrap(schema.shape[String(key)]);
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** The schema itself, without what only says that it may be left out. */
function unwrap(schema: unknown): unknown {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) {
    inner = inner.unwrap();
  }
  if (inner instanceof z.ZodUnion) return inner.options.find((option) => option instanceof z.ZodObject);
  return inner;
}
