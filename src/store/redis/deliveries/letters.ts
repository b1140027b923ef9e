import type { KeptLetters, LetterCount, LetterKeeper } from '../../../ports/dead-letters.ts';
import { encodeLetter, parseLetter, type DeadLetter } from '../../../webhooks/dead-letter.ts';
import type { LeadKeys } from '../keys.ts';
import type { RedisLink } from '../link/link.ts';

/** What keeping letters on Redis needs. */
export interface RedisLettersOptions {
  readonly link: RedisLink;
  readonly lead: LeadKeys;
  /** Whether this node keeps the letters of all nodes: another one sends it what it has. */
  readonly isKeeper: () => boolean;
  /** A write has failed; it is tried again with the next one, or with `flush`. */
  readonly failed: (error: unknown) => void;
}

/** Before the app, among the numbers of letters. */
const forgottenOf = 'forgotten ';
const keptSince = 'kept since';

/**
 * Dead letters kept on Redis, so that the node which keeps them next knows them: a hash of what the one that keeps them has in
 * memory, by the number of each letter, and how much of each app is forgotten.
 */
export class RedisLetters implements LetterKeeper {
  readonly #options: RedisLettersOptions;
  /** The new values of fields; undefined: the field is to be removed. */
  #changes = new Map<string, string | undefined>();
  #writing: Promise<boolean> | undefined;

  constructor(options: RedisLettersOptions) {
    this.#options = options;
  }

  /** What was kept, for the node that begins to keep it. Rejects when it cannot be had. */
  async read(): Promise<KeptLetters> {
    const fields = await this.#options.link.commands.hgetall(this.#options.lead.letters);
    this.#changes.clear();
    const letters: { readonly order: number; readonly letter: DeadLetter }[] = [];
    const forgotten = new Map<string, LetterCount>();
    for (const [field, text] of Object.entries(fields)) {
      if (field.startsWith(forgottenOf)) {
        const [deliveries = 0, events = 0] = text.split(' ').map(Number);
        forgotten.set(field.slice(forgottenOf.length), { deliveries, events });
        continue;
      }
      const letter = parseLetter(text);
      if (letter !== undefined) letters.push({ order: Number(field), letter });
    }
    const since = Number(fields[keptSince]);
    return {
      letters: letters.toSorted((a, b) => a.order - b.order),
      forgotten,
      keptSinceMs: Number.isFinite(since) ? since : undefined,
    };
  }

  /** Losses are kept from this time of day on. */
  begin(sinceMs: number): void {
    this.#change(keptSince, String(sinceMs));
  }

  put(order: number, letter: DeadLetter): void {
    this.#change(String(order), encodeLetter(letter));
  }

  remove(order: number): void {
    this.#change(String(order), undefined);
  }

  forgotten(appId: string, count: LetterCount | undefined): void {
    const text = count && `${count.deliveries} ${count.events}`;
    this.#change(forgottenOf + appId, text);
  }

  /** Writes what could not be written so far. */
  flush(): void {
    if (this.#changes.size > 0) void this.written();
  }

  /** Resolves once everything is kept; with false, when it could not be. */
  async written(): Promise<boolean> {
    while (this.#changes.size > 0 || this.#writing !== undefined) {
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
      if (!(await this.#writing)) return false;
    }
    return true;
  }

  #change(field: string, value: string | undefined): void {
    this.#changes.set(field, value);
    // What changes in this turn goes together.
    if (this.#writing === undefined) void Promise.resolve().then(() => this.flush());
  }

  /** Whether it could be written. */
  async #write(): Promise<boolean> {
    const { link, lead, isKeeper, failed } = this.#options;
    const changes = this.#changes;
    this.#changes = new Map();
    // Another node has them now, and has read what was written.
    if (!isKeeper()) return true;
    const set = [...changes].flatMap(([field, value]) => (value === undefined ? [] : [field, value]));
    const removed = [...changes].flatMap(([field, value]) => (value === undefined ? [field] : []));
    try {
      await Promise.all([
        set.length > 0 && link.commands.hset(lead.letters, ...set),
        removed.length > 0 && link.commands.hdel(lead.letters, ...removed),
      ]);
      return true;
    } catch (error) {
      this.#changes = new Map([...changes, ...this.#changes]);
      failed(error);
      return false;
    }
  }
}
