/** The `most` items with the smallest numbers, in ascending order. It looks at each item once and sorts only a few at a time. */
export function smallestBy<T>(items: Iterable<T>, most: number, numberOf: (item: T) => number): readonly T[] {
  let kept: { readonly item: T; readonly number: number }[] = [];
  let bound = Infinity;
  const cut = (): void => {
    kept = kept.toSorted((a, b) => a.number - b.number).slice(0, most);
    if (kept.length === most) bound = kept.at(-1)?.number ?? -Infinity;
  };
  for (const item of items) {
    const number = numberOf(item);
    if (number >= bound) continue;
    kept.push({ item, number });
    if (kept.length >= 2 * most + 1) cut();
  }
  cut();
  return kept.map(({ item }) => item);
}
