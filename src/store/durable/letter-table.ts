import type { KeptLetters, LetterCount, LetterKeeper } from '../../ports/dead-letters.ts';
import { encodeLetter, parseLetter, type DeadLetter } from '../../webhooks/dead-letter.ts';
import type { Database } from '../disk/database.ts';
import { hasFields, isNumber, keyOf, parse, partsOf } from './rows.ts';

/** Before the key of what is forgotten of an app, among the other things that there are one of. */
const forgottenOf = 'forgotten letters';
const keptSince = 'letters kept since';

/** Dead letters, in the order of adding. What is forgotten of each app stands beside what else there is one of. */
export class LetterTable implements LetterKeeper {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** What was kept; `meta` is that table as it was read. */
  restore(meta: ReadonlyMap<unknown, string>): KeptLetters {
    const letters = [...this.#database.entries('log')].flatMap(([key, text]) => {
      const letter = parseLetter(text);
      return letter === undefined ? [] : { order: Number(key), letter };
    });
    const forgotten = new Map<string, LetterCount>();
    for (const [key, text] of meta) {
      const [kind, appId] = partsOf(String(key)) ?? [];
      const count = parse(text);
      if (kind === forgottenOf && appId !== undefined && isCount(count)) forgotten.set(appId, count);
    }
    const since = Number(meta.get(keptSince));
    return { letters, forgotten, keptSinceMs: Number.isFinite(since) ? since : undefined };
  }

  /** Losses are kept from this time of day on. */
  begin(sinceMs: number): void {
    this.#database.put('meta', keptSince, String(sinceMs));
  }

  put(order: number, letter: DeadLetter): void {
    this.#database.put('log', order, encodeLetter(letter));
  }

  remove(order: number): void {
    this.#database.remove('log', order);
  }

  /** So much of the app is kept no more; undefined: the app is forgotten itself. */
  forgotten(appId: string, count: LetterCount | undefined): void {
    const key = keyOf(forgottenOf, appId);
    if (count === undefined) this.#database.remove('meta', key);
    else this.#database.put('meta', key, JSON.stringify(count));
  }
}

function isCount(value: unknown): value is LetterCount {
  return hasFields(value, { deliveries: isNumber, events: isNumber });
}
