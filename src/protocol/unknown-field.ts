/** Describes the first given name that is not accepted; undefined if all are. */
export function describeUnknownField(
  where: string,
  given: Iterable<string>,
  accepted: readonly string[],
): string | undefined {
  for (const name of given) {
    if (accepted.includes(name)) continue;
    const hint = accepted.length === 0 ? 'none are accepted' : `expected one of ${accepted.join(', ')}`;
    return `${where}: unknown field '${name}'; ${hint}`;
  }
  return undefined;
}
