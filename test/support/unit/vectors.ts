import { readFileSync } from 'node:fs';

/** Reads the golden vectors of a file in test/vectors. The caller names their type. */
export function vectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), 'utf8'));
}
