import { distance } from 'fastest-levenshtein';

/** Returns the one of `names` that `name` is most likely a typo of; undefined if none is similar. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const wanted = bare(name);
  const farthest = Math.min(3, 1 + Math.floor(wanted.length / 4));
  // A long key is not a typo, and the cost of a comparison is the product of the lengths.
  if (wanted.length > 100) return undefined;
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const candidate of names) {
    const away = distance(wanted, bare(candidate));
    if (away <= farthest && (best === undefined || away < best.distance)) {
      best = { name: candidate, distance: away };
    }
  }
  return best?.name;
}

/** Normalizes a name: `event_types` and `EventTypes` equal `eventTypes`. */
function bare(name: string): string {
  return name.replace(/[-_]/g, '').toLowerCase();
}
