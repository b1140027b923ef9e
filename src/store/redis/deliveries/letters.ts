import type { StoredLetters, LetterCount, LetterKeeper } from '../../../ports/dead-letters.ts';
import { encodeLetter, parseLetter, type DeadLetter } from '../../../webhooks/dead-letter.ts';
import type { LeadKeys } from '../keys.ts';
import type { RedisLink } from '../link/link.ts';

/** The dependencies of keeping dead letters on Redis. */
export interface RedisLettersOptions {
  readonly link: RedisLink;
  readonly lead: LeadKeys;
  /** Whether this node keeps the letters of all nodes. The other nodes send it theirs. */
  readonly isKeeper: () => boolean;
  /** A write has failed. The next one, or `flush`, tries again. */
  readonly failed: (error: unknown) => void;
}

/** The prefix of fields that count the forgotten letters of an app. The other fields are the numbers of letters. */
const forgottenPrefix = 'forgotten ';
const keptSinceField = 'kept since';

/** How many arguments one command has at most. It is even, because a field and its value belong together. */
const mostArguments = 1000;

/**
 * Keeps dead letters on Redis, so that the next keeping node knows them. It is a hash of what the keeping node has in memory:
 * each letter by its number, and how many letters of each app are forgotten.
 */
export class RedisLetters implements LetterKeeper {
  readonly #options: RedisLettersOptions;
  /** The new values of fields; undefined: remove the field. */
  #changes = new Map<string, string | undefined>();
  #writing: Promise<boolean> | undefined;

  constructor(options: RedisLettersOptions) {
    this.#options = options;
  }

  /** Reads what was kept, for a node that now keeps the letters. Rejects if Redis does not answer. */
  async read(): Promise<StoredLetters> {
    const fields = await this.#options.link.commands.hgetall(this.#options.lead.letters);
    this.#changes.clear();
    const letters: { readonly order: number; readonly letter: DeadLetter }[] = [];
    const forgotten = new Map<string, LetterCount>();
    for (const [field, text] of Object.entries(fields)) {
      if (field.startsWith(forgottenPrefix)) {
        const [deliveries = 0, events = 0] = text.split(' ').map(Number);
        forgotten.set(field.slice(forgottenPrefix.length), { deliveries, events });
        continue;
      }
      const letter = parseLetter(text);
      if (letter !== undefined) letters.push({ order: Number(field), letter });
    }
    const since = Number(fields[keptSinceField]);
    return {
      letters: letters.toSorted((a, b) => a.order - b.order),
      forgotten,
      keptSinceMs: Number.isFinite(since) ? since : undefined,
    };
  }

  /** Sets the time of day since which dead letters are kept. */
  begin(sinceMs: number): void {
    this.#change(keptSinceField, String(sinceMs));
  }

  put(order: number, letter: DeadLetter): void {
    this.#change(String(order), encodeLetter(letter));
  }

  remove(order: number): void {
    this.#change(String(order), undefined);
  }

  forgotten(appId: string, count: LetterCount | undefined): void {
    const text = count && `${count.deliveries} ${count.events}`;
    this.#change(forgottenPrefix + appId, text);
  }

  /** Writes what could not be written so far. */
  flush(): void {
    if (this.#changes.size > 0) void this.written();
  }

  /** Resolves with true once everything is kept, and with false if a write failed. */
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
    // Write all changes of this turn together.
    if (this.#writing === undefined) void Promise.resolve().then(() => this.flush());
  }

  /** Resolves with whether the write succeeded. */
  async #write(): Promise<boolean> {
    const { link, lead, isKeeper, failed } = this.#options;
    const changes = this.#changes;
    this.#changes = new Map();
    // Another node keeps the letters now, and has read what was written.
    if (!isKeeper()) return true;
    const set = [...changes].flatMap(([field, value]) => (value === undefined ? [] : [field, value]));
    const removed = [...changes].flatMap(([field, value]) => (value === undefined ? [field] : []));
    try {
      await Promise.all([
        ...portionsOf(set).map((some) => link.commands.hset(lead.letters, ...some)),
        ...portionsOf(removed).map((some) => link.commands.hdel(lead.letters, ...some)),
      ]);
      return true;
    } catch (error) {
      this.#changes = new Map([...changes, ...this.#changes]);
      failed(error);
      return false;
    }
  }
}

function portionsOf(texts: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(texts.length / mostArguments);
  return Array.from({ length: count }, (_, index) =>
    texts.slice(index * mostArguments, (index + 1) * mostArguments),
  );
}
