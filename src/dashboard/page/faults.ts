/** What is wrong with one field of a request. */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

/** All messages about a field as one text, or undefined. Paths below the field count as the field. */
export function faultAt(faults: readonly Fault[], field: string): string | undefined {
  const found = faults.filter(({ path }) => isAt(path, field)).map(({ message }) => message);
  return found.length === 0 ? undefined : found.join(' ');
}

/** Faults that belong to none of these fields. */
export function otherFaults(faults: readonly Fault[], fields: readonly string[]): readonly Fault[] {
  return faults.filter(({ path }) => !fields.some((field) => isAt(path, field)));
}

function isAt(path: string, field: string): boolean {
  return path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`);
}
