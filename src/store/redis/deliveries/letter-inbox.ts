import type { DeadLetters } from '../../../ports/dead-letters.ts';
import { encodeLetter, parseLetter, type DeadLetter } from '../../../webhooks/dead-letter.ts';
import type { LeadKeys } from '../keys.ts';
import type { RedisLink } from '../link/link.ts';

/** What the way of letters to their keeper needs. */
export interface LetterInboxOptions {
  readonly link: Pick<RedisLink, 'commands'>;
  readonly lead: Pick<LeadKeys, 'letterInbox'>;
  /** It could not be written or read; that is tried again with the next `flush` or `collect`. */
  readonly failed: (error: unknown) => void;
}

/** So many letters wait for the keeper, and so many on this node for Redis; the oldest give way. */
const mostWaiting = 10_000;

/** So many are taken at once. */
const portion = 100;

/**
 * The way of dead letters from the nodes that have lost something to the one that keeps all letters. A letter that is taken
 * twice, because its keeper died meanwhile, has one id.
 */
export class LetterInbox {
  readonly #options: LetterInboxOptions;
  #unsent: string[] = [];
  #isSending = false;

  constructor(options: LetterInboxOptions) {
    this.#options = options;
  }

  /** Sends a letter to whoever keeps them. */
  send(letter: DeadLetter): void {
    this.#unsent.push(encodeLetter(letter));
    if (this.#unsent.length > mostWaiting) this.#unsent.shift();
    // What is lost in this turn goes together.
    void Promise.resolve().then(() => this.flush());
  }

  /** Sends what could not be sent so far. */
  async flush(): Promise<void> {
    const { link, lead, failed } = this.#options;
    if (this.#isSending || this.#unsent.length === 0) return;
    this.#isSending = true;
    const sending = this.#unsent;
    this.#unsent = [];
    try {
      await link.commands.rpush(lead.letterInbox, ...sending);
      await link.commands.ltrim(lead.letterInbox, -mostWaiting, -1);
    } catch (error) {
      this.#unsent = [...sending, ...this.#unsent].slice(-mostWaiting);
      failed(error);
    } finally {
      this.#isSending = false;
    }
  }

  /** Gives what others have sent to `keep`, which keeps it on Redis before it resolves; then it is out of the way. */
  async collect(keep: (letters: readonly DeadLetter[]) => Promise<boolean>): Promise<void> {
    const { link, lead, failed } = this.#options;
    try {
      for (;;) {
        const texts = await link.commands.lrange(lead.letterInbox, 0, portion - 1);
        if (texts.length === 0) return;
        if (!(await keep(texts.flatMap((text) => parseLetter(text) ?? [])))) return;
        await Promise.all(texts.map((text) => link.commands.lrem(lead.letterInbox, 1, text)));
      }
    } catch (error) {
      failed(error);
    }
  }
}

/** Dead letters that one of the nodes keeps: whatever is lost on another one is sent to it. */
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
