import type { ChannelName } from '../../protocol/channel-name.ts';
import { isText, parseJson } from '../../protocol/json-value.ts';
import type { Database, Key, Table } from '../disk/database.ts';

/** A row of a table, parsed. */
export interface ParsedRow<T> {
  readonly key: Key;
  readonly value: T;
}

/** The names in a key. */
export interface KeptName {
  readonly appId: string;
  readonly channel: ChannelName;
  readonly userId: string | undefined;
}

/**
 * Reads stored rows. A row that is not understood was written by another version, or by hand: it stays in the table and is
 * counted.
 */
export class Rows {
  readonly #database: Database;
  #notUnderstood = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The number of rows that were skipped so far. */
  get notUnderstood(): number {
    return this.#notUnderstood;
  }

  /** The rows of a table whose JSON passes the test. */
  *read<T>(table: Table, isRight: (value: unknown) => value is T): Generator<ParsedRow<T>, void> {
    for (const [key, text] of this.#database.entries(table)) {
      const value = parseJson(text);
      if (isRight(value)) yield { key, value };
      else this.#notUnderstood += 1;
    }
  }

  /** The names in the keys of a table. */
  *readNames(table: Table): Generator<KeptName, void> {
    for (const [key] of this.#database.entries(table)) {
      const name = this.nameOf(key);
      if (name !== undefined) yield name;
    }
  }

  /** The names in a key. */
  nameOf(key: Key): KeptName | undefined {
    const [appId, channel, userId] = partsOf(key) ?? [];
    if (appId !== undefined && isKeptName(channel)) return { appId, channel, userId };
    this.#notUnderstood += 1;
    return undefined;
  }
}

/** A key made of parts, as JSON, because the names of apps and users may contain any character. */
export function rowKeyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}

/** The parts of a key that `rowKeyOf` made; undefined if it is not one. */
export function partsOf(key: Key): readonly string[] | undefined {
  const parts = parseJson(String(key));
  return isTexts(parts) ? parts : undefined;
}

/** Whether a value is an object whose fields pass these tests. */
export function hasFields(
  value: unknown,
  tests: Readonly<Record<string, (field: unknown) => boolean>>,
): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return Object.entries(tests).every(([name, isRight]) => isRight(fields.get(name)));
}

export function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

/** The name was checked before it was written. */
function isKeptName(text: string | undefined): text is ChannelName {
  return text !== undefined && text !== '';
}
