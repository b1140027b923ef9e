import { isObject } from '../protocol/json-value.ts';

/** A JSON object with unknown content. */
export type JsonObject = Record<string, unknown>;

/** Returns the items of an array; an empty array for any other value. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Returns the value of a key; undefined if there is no such key, or if the value is not an object. */
export function fieldOf(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
