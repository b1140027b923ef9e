import type { Spread } from '../measure/spread.ts';

/** Formats a whole number with separators. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Formats a number with about three digits. */
export function number(value: number): string {
  const size = Math.abs(value);
  if (Number.isNaN(value)) return '-';
  if (size >= 1000) return count(value);
  if (size >= 100) return value.toFixed(0);
  return size >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

export function range({ min, max }: Spread): string {
  return `${number(min)} … ${number(max)}`;
}

/** Formats a value, or returns `-` for null. */
export function optional<Value>(value: Value | null, format: (value: Value) => string): string {
  return value === null ? '-' : format(value);
}
