import { describeValue } from '../../config/checks/fault.ts';
import { fieldOf, itemsOf, type JsonObject } from '../../config/json.ts';
import { isObject, parseJson } from '../../protocol/json-value.ts';

/** The notes of a conversion: each sentence starts with its subject. */
export type Note = (sentence: string) => void;

/**
 * A number, which soketi also accepts as text; undefined if it is absent. Any other value is returned as it is, so that the check of
 * the converted configuration reports it.
 */
export function numberOf(value: unknown): unknown {
  if (value === undefined || value === null || value === '') return undefined;
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : value;
}

/** A limit, where soketi uses -1 for none. */
export function limitOf(value: unknown): unknown {
  const number = numberOf(value);
  return typeof number === 'number' && number < 0 ? null : number;
}

/** Converts kilobytes to bytes. */
export function bytesOf(kilobytes: unknown): unknown {
  const number = numberOf(kilobytes);
  return typeof number === 'number' ? Math.round(number * 1024) : number;
}

/** True or false, for which databases and variables use 1 and 0. Any other value is returned as it is. */
export function flagOf(value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  if (value === 1 || value === '1' || value === 'true') return true;
  if (value === 0 || value === '0' || value === 'false') return false;
  return value;
}

/** Whether a flag is set. If it is neither true nor false, it counts as false, with a note. */
export function isOn(place: string, value: unknown, note: Note): boolean {
  const flag = flagOf(value);
  if (flag !== undefined && typeof flag !== 'boolean') {
    note(`${place}: expected true or false, got ${describeValue(value, [])}; it counts as false`);
  }
  return flag === true;
}

export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? JSON.stringify(value) : undefined;
}

/** The objects of a list, which may be JSON, or items with their indexes as keys. */
export function objectsOf(value: unknown): readonly JsonObject[] {
  const list = typeof value === 'string' ? parseJson(value) : value;
  return (isObject(list) ? Object.values(list) : itemsOf(list)).filter(isObject);
}

/** The first of several names that has a value. */
export function firstOf(object: JsonObject, names: readonly string[]): unknown {
  return names
    .map((name) => fieldOf(object, name))
    .find((value) => value !== undefined && value !== null && value !== '');
}
