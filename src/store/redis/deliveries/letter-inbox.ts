import type { DeadLetters } from '../../../ports/dead-letters.ts';
import { encodeLetter, parseLetter, type DeadLetter } from '../../../webhooks/dead-letter.ts';
import type { LeadKeys } from '../keys.ts';
import type { RedisLink } from '../link/link.ts';

/** The dependencies of the inbox. */
export interface LetterInboxOptions {
  readonly link: Pick<RedisLink, 'commands'>;
  readonly lead: Pick<LeadKeys, 'letterInbox'>;
  /** A write or read failed. The next `flush` or `collect` tries again. */
  readonly failed: (error: unknown) => void;
}

/** How many letters wait for the keeping node at most, and how many wait on this node for Redis. The oldest are discarded. */
const maxWaiting = 10_000;

/** How many letters are taken at a time. */
const batchSize = 100;

/**
 * Carries dead letters from the nodes that dropped a delivery to the node that keeps all letters. If that node dies, a letter may be
 * taken twice, under the same id.
 */
export class LetterInbox {
  readonly #options: LetterInboxOptions;
  #unsent: string[] = [];
  #isSending = false;

  constructor(options: LetterInboxOptions) {
    this.#options = options;
  }

  /** Sends a letter to the node that keeps them. */
  send(letter: DeadLetter): void {
    this.#unsent.push(encodeLetter(letter));
    if (this.#unsent.length > maxWaiting) this.#unsent.shift();
    // Send all letters of this turn together.
    void Promise.resolve().then(() => this.flush());
  }

  /** Sends the letters that could not be sent so far. */
  async flush(): Promise<void> {
    const { link, lead, failed } = this.#options;
    if (this.#isSending || this.#unsent.length === 0) return;
    this.#isSending = true;
    const sending = this.#unsent;
    this.#unsent = [];
    try {
      await link.commands.rpush(lead.letterInbox, ...sending);
      await link.commands.ltrim(lead.letterInbox, -maxWaiting, -1);
    } catch (error) {
      this.#unsent = [...sending, ...this.#unsent].slice(-maxWaiting);
      failed(error);
    } finally {
      this.#isSending = false;
    }
  }

  /** Passes the letters of other nodes to `keep`, which resolves with true once they are kept on Redis. Then removes them from the list. */
  async collect(keep: (letters: readonly DeadLetter[]) => Promise<boolean>): Promise<void> {
    const { link, lead, failed } = this.#options;
    try {
      for (;;) {
        const texts = await link.commands.lrange(lead.letterInbox, 0, batchSize - 1);
        if (texts.length === 0) return;
        if (!(await keep(texts.flatMap((text) => parseLetter(text) ?? [])))) return;
        await Promise.all(texts.map((text) => link.commands.lrem(lead.letterInbox, 1, text)));
      }
    } catch (error) {
      failed(error);
    }
  }
}

/** The dead letters of all nodes. One node keeps them, and the others send it theirs. */
export function lettersOnOneNode({
  kept,
  inbox,
  isKeeper,
}: {
  readonly kept: DeadLetters;
  readonly inbox: Pick<LetterInbox, 'send'>;
  readonly isKeeper: () => boolean;
}): DeadLetters {
  return {
    add: (letter) => (isKeeper() ? kept.add(letter) : inbox.send(letter)),
    read: (appId, query) => kept.read(appId, query),
    find: (appId, id) => kept.find(appId, id),
    attempted: (appId, id, attempt) => kept.attempted(appId, id, attempt),
    forget: (appId) => kept.forget(appId),
  };
}
