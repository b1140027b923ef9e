import { describeKind, describeValue, formatPath, quote, type ConfigFault } from './fault.ts';
import { nearest } from './nearest.ts';
import { configSchema, type ParsedConfig } from './schema.ts';
import type { ShapeFault } from './shape.ts';

/** What came of comparing an input with the schema. */
export type Validated =
  | { readonly kind: 'ok'; readonly config: ParsedConfig }
  | { readonly kind: 'invalid'; readonly faults: readonly ConfigFault[] };

/** Compares an input with the schema and reports every fault, each once. */
export function validate(input: unknown): Validated {
  const result = configSchema.safeParse(input);
  if (result.success) return { kind: 'ok', config: result.data };
  return { kind: 'invalid', faults: result.faults.map(inWords) };
}

function inWords(fault: ShapeFault): ConfigFault {
  if (fault.kind === 'unknown') {
    const { key, accepted } = fault;
    return { path: formatPath([...fault.path, key]), message: unknownName('key', key, accepted) };
  }
  const path = formatPath(fault.path);
  const { message } = fault;
  // What a faulty name names may be a secret.
  if (fault.kind === 'name') return { path, message };
  const { input, isOtherKind } = fault;
  if (input === undefined) return { path, message: `missing; ${message}` };
  return {
    path,
    message: `${message}, got ${isOtherKind ? describeKind(input) : describeValue(input, fault.path)}`,
  };
}

/** Says that a name is unknown, and which one was meant, or which there are. */
export function unknownName(kind: 'key' | 'variable', name: string, accepted: readonly string[]): string {
  const meant = nearest(name, accepted);
  const hint =
    meant === undefined ? `accepted ${kind}s: ${accepted.join(', ')}` : `did you mean ${quote(meant)}?`;
  return `unknown ${kind} ${quote(name)}; ${hint}`;
}
