import { numberOf, type Question } from '../../operations/operation.ts';

/** A number of the body under its name, if it is there. */
export function given<Name extends string>(
  question: Question,
  name: Name,
): { readonly [Key in Name]?: number } {
  const value = numberOf(question, name);
  const entries: { [Key in Name]?: number } = {};
  if (value !== undefined) entries[name] = value;
  return entries;
}
