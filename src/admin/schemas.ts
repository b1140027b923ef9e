import type { Schema } from '../operations/schema.ts';

/** A schema of `components`. */
export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}
