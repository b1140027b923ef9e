import { createHash } from 'node:crypto';

/** Below LMDB's limit of 1,978 bytes, with room for the markers of its keys. */
const longestKeyBytes = 1900;
/** How much of a long key stays readable for people. */
const readablePart = 400;
const mark = 'long:';

/** A row as it is on disk. */
interface Row {
  readonly key: string;
  readonly value: string;
}

/**
 * The key under which a string is stored: itself or, if it is too long for LMDB, its beginning and a digest. The names of
 * channels and users may be as long as an app allows.
 */
export function shortKey(key: string): string {
  if (!isLong(key)) return key;
  const digest = createHash('sha256').update(key).digest('hex');
  // The cut may split a character; its half is replaced by U+FFFD.
  return `${mark}${Buffer.from(key.slice(0, readablePart)).toString()}:${digest}`;
}

/** The stored value: itself or, under a shortened key, with the whole key in front. */
export function valueWithKey(key: string, value: string): string {
  return isLong(key) ? `${key.length}:${key}${value}` : value;
}

/** Restores the original row. */
export function readRow(key: string, value: string): Row {
  if (!key.startsWith(mark)) return { key, value };
  const colon = value.indexOf(':');
  const end = colon + 1 + Number(value.slice(0, colon));
  return { key: value.slice(colon + 1, end), value: value.slice(end) };
}

function isLong(key: string): boolean {
  if (key.startsWith(mark)) return true;
  // A UTF-16 unit takes at most three bytes, so most keys need no closer look.
  return key.length * 3 > longestKeyBytes && Buffer.byteLength(key) > longestKeyBytes;
}
