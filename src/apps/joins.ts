import type { Command } from '../protocol/decode.ts';
import type { Session } from './session.ts';

/** How many joins of one connection may wait for the ledger at a time. */
const mostOfOne = 64;

/**
 * While this many joins of all connections wait, each connection may have only one. When all clients reconnect together, more
 * would only make each of them wait longer, until the ledger times out.
 */
const mostOfAll = 512;

/** The joins of one connection that wait for the ledger, in the order of its commands. */
export interface JoinsUnderWay {
  /** By channel: resolves once the client has been sent the answer, and all earlier ones. */
  readonly answers: Map<unknown, Promise<void>>;
  /** The answer to the last of them. */
  last: Promise<void>;
}

/**
 * Determines which commands may be performed although earlier joins of their connection are not answered yet: joins of other
 * channels, so that a client with many channels does not wait for them one by one, and commands without an answer. The answers
 * still come in the order of the commands.
 */
export class Joins {
  readonly #pingsWait: boolean;
  #underWay = 0;

  /** `pingsWait`: a ping is answered after all earlier commands of the client. */
  constructor(pingsWait: boolean) {
    this.#pingsWait = pingsWait;
  }

  /** What a command has to wait for; undefined if it may be performed now. Call it again afterwards. */
  before({ joins }: Session, command: Command): Promise<void> | undefined {
    if (joins === undefined) return undefined;
    const { answers, last } = joins;
    switch (command.kind) {
      case 'ping':
        return this.#pingsWait ? last : undefined;
      case 'pong':
        return undefined;
      case 'unsubscribe':
        return answers.get(command.channel);
      case 'subscribe': {
        const isTooMuch = answers.size >= mostOfOne || this.#underWay >= mostOfAll;
        return answers.get(command.channel) ?? (isTooMuch ? oldest(answers) : undefined);
      }
      case 'client-event':
      case 'signin':
      case 'invalid':
        return last;
    }
  }

  /** A join has begun. The client has been sent the answer when `answered` resolves. */
  add(session: Session, channel: unknown, answered: Promise<void>): void {
    this.#underWay += 1;
    const settled = answered.then(() => this.#remove(session, channel));
    const joins = (session.joins ??= { answers: new Map(), last: settled });
    joins.answers.set(channel, settled);
    joins.last = settled;
  }

  #remove(session: Session, channel: unknown): void {
    this.#underWay -= 1;
    session.joins?.answers.delete(channel);
    if (session.joins?.answers.size === 0) session.joins = undefined;
  }
}

function oldest(answers: ReadonlyMap<unknown, Promise<void>>): Promise<void> | undefined {
  for (const answer of answers.values()) return answer;
  return undefined;
}
