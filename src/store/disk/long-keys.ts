import { createHash } from 'node:crypto';

/** Below LMDB's bound of 1,978 bytes, with room for what its keys are marked with. */
const longestKeyBytes = 1900;
/** So much of a long key is left to be read by people. */
const readablePart = 400;
const mark = 'long:';

/** A row as it is on disk. */
interface Row {
  readonly key: string;
  readonly value: string;
}

/**
 * The key under which a string is kept: itself, or, if LMDB has no room for it, its beginning and a digest. Names of
 * channels and users may be as long as an app allows.
 */
export function shortKey(key: string): string {
  if (!isLong(key)) return key;
  const digest = createHash('sha256').update(key).digest('hex');
  // Half of a character, where it is cut, becomes a sign for that.
  return `${mark}${Buffer.from(key.slice(0, readablePart)).toString()}:${digest}`;
}

/** The value that is kept: itself, or, under a short form of a key, the whole key before it. */
export function valueWithKey(key: string, value: string): string {
  return isLong(key) ? `${key.length}:${key}${value}` : value;
}

/** What was put, from what is on disk. */
export function readRow(key: string, value: string): Row {
  if (!key.startsWith(mark)) return { key, value };
  const colon = value.indexOf(':');
  const end = colon + 1 + Number(value.slice(0, colon));
  return { key: value.slice(colon + 1, end), value: value.slice(end) };
}

function isLong(key: string): boolean {
  if (key.startsWith(mark)) return true;
  // A UTF-16 unit is three bytes at most: most keys are not looked at.
  return key.length * 3 > longestKeyBytes && Buffer.byteLength(key) > longestKeyBytes;
}
