import { readFileSync } from 'node:fs';

/** The golden vectors of a file in test/vectors; its tests give them their shape. */
export function vectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), 'utf8'));
}
