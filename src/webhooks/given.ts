/** Whether a given value is an object and not a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Describes a given value, for an error message. */
export function describeGiven(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return `a value of type ${typeof value}`;
}

/** Describes the first given name that is not accepted; undefined when all are. */
export function describeUnknown(
  where: string,
  given: Iterable<string>,
  accepted: readonly string[],
): string | undefined {
  for (const name of given) {
    if (accepted.includes(name)) continue;
    const those = accepted.length === 0 ? 'none are accepted' : `expected one of ${accepted.join(', ')}`;
    return `${where}: unknown field '${name}'; ${those}`;
  }
  return undefined;
}
