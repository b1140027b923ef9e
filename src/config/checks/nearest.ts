import { distance } from 'fastest-levenshtein';

/** The one of `names` that somebody who wrote `name` most likely meant; undefined when none is near. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const wanted = bare(name);
  const farthest = Math.min(3, 1 + Math.floor(wanted.length / 4));
  // A long key is nobody's slip, and comparing costs the product of the lengths.
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

/** `event_types` and `EventTypes` are as good as `eventTypes`. */
function bare(name: string): string {
  return name.replace(/[-_]/g, '').toLowerCase();
}
