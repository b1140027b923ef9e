import { numberOf, type Question } from '../../operations/operation.ts';

/** A number from the body with its name, if present. */
export function given<Name extends string>(
  question: Question,
  name: Name,
): { readonly [Key in Name]?: number } {
  const value = numberOf(question, name);
  const entries: { [Key in Name]?: number } = {};
  if (value !== undefined) entries[name] = value;
  return entries;
}
