import { fieldOf, isObject, itemsOf, type JsonObject } from '../../config/json.ts';

/** The notes of a conversion: each sentence starts with its subject. */
export type Note = (sentence: string) => void;

/** A number, which soketi also accepts as text; undefined if it is absent. */
export function numberOf(value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/** A limit, where soketi uses -1 for none. */
export function limitOf(value: unknown): number | null | undefined {
  const number = numberOf(value);
  return number !== undefined && number < 0 ? null : number;
}

/** Converts kilobytes to bytes. */
export function bytesOf(kilobytes: unknown): number | undefined {
  const number = numberOf(kilobytes);
  return number === undefined ? undefined : Math.round(number * 1024);
}

/** Databases and variables use 1 and 0 for true and false. */
export function flagOf(value: unknown): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  return value === true || value === 1 || value === '1' || value === 'true';
}

export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? JSON.stringify(value) : undefined;
}

/** The objects of a list, which may be JSON, or items with their indexes as keys. */
export function objectsOf(value: unknown): readonly JsonObject[] {
  const list = typeof value === 'string' ? parsed(value) : value;
  return (isObject(list) ? Object.values(list) : itemsOf(list)).filter(isObject);
}

/** The first of several names that has a value. */
export function firstOf(object: JsonObject, names: readonly string[]): unknown {
  return names
    .map((name) => fieldOf(object, name))
    .find((value) => value !== undefined && value !== null && value !== '');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
