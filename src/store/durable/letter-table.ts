import type { StoredLetters, LetterCount, LetterKeeper } from '../../ports/dead-letters.ts';
import { encodeLetter, parseLetter, type DeadLetter } from '../../webhooks/dead-letter.ts';
import type { Database } from '../disk/database.ts';
import { parseJson } from '../../protocol/json-value.ts';
import { hasFields, isNumber, rowKeyOf, partsOf } from './rows.ts';

/** The prefix of the keys that count the letters of an app that are no longer kept. */
const forgottenOf = 'forgotten letters';
const keptSince = 'letters kept since';

/** Dead letters, in the order in which they were added. The counts of letters no longer kept are in the table `meta`. */
export class LetterTable implements LetterKeeper {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The stored letters. `meta` is the content of that table. */
  restore(meta: ReadonlyMap<unknown, string>): StoredLetters {
    const letters = [...this.#database.entries('log')].flatMap(([key, text]) => {
      const letter = parseLetter(text);
      return letter === undefined ? [] : { order: Number(key), letter };
    });
    const forgotten = new Map<string, LetterCount>();
    for (const [key, text] of meta) {
      const [kind, appId] = partsOf(String(key)) ?? [];
      const count = parseJson(text);
      if (kind === forgottenOf && appId !== undefined && isCount(count)) forgotten.set(appId, count);
    }
    const since = Number(meta.get(keptSince));
    return { letters, forgotten, keptSinceMs: Number.isFinite(since) ? since : undefined };
  }

  /** Records since which time of day losses are kept. */
  begin(sinceMs: number): void {
    this.#database.put('meta', keptSince, String(sinceMs));
  }

  put(order: number, letter: DeadLetter): void {
    this.#database.put('log', order, encodeLetter(letter));
  }

  remove(order: number): void {
    this.#database.remove('log', order);
  }

  /** Stores how many letters of the app are no longer kept; undefined removes the count. */
  forgotten(appId: string, count: LetterCount | undefined): void {
    const key = rowKeyOf(forgottenOf, appId);
    if (count === undefined) this.#database.remove('meta', key);
    else this.#database.put('meta', key, JSON.stringify(count));
  }
}

function isCount(value: unknown): value is LetterCount {
  return hasFields(value, { deliveries: isNumber, events: isNumber });
}
