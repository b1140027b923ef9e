import type { MaybePromise } from '../ports/maybe-promise.ts';
import type { Command } from '../protocol/decode.ts';
import type { FairTurns } from './fair-turns.ts';
import { Joins } from './joins.ts';
import { PendingCommands } from './pending-commands.ts';
import type { Session } from './session.ts';

/** So many commands of one connection that wait are performed before others have their turn. */
const mostStepsInATurn = 50;

export interface CommandOrderOptions {
  /** Where those wait who say much at once; undefined: nobody has to. */
  readonly turns: FairTurns | undefined;
  /**
   * Performs a command. A promise: those behind it wait for it, but for joins (see `Joins`). `in-turn`: nothing was done,
   * because it is to be answered at once, and joins before it are not answered yet.
   */
  readonly perform: (session: Session, command: Command) => MaybePromise<void> | 'in-turn';
  /** Whether a ping waits for the answers to what was said before it. */
  readonly pingsWait?: boolean | undefined;
  /** More commands of this connection wait than may. */
  readonly isTooMuch: (session: Session) => void;
}

/** Has the commands of each connection performed and answered in order. */
export class CommandOrder {
  readonly #options: CommandOrderOptions;
  readonly #joins: Joins;

  constructor(options: CommandOrderOptions) {
    this.#options = options;
    this.#joins = new Joins(options.pingsWait === true);
  }

  /** Performs a command now, or when its turn comes. `isAhead`: its client has said so much that others come first. */
  take(session: Session, command: Command, length: number, isAhead: boolean): void {
    const { pending } = session;
    const { turns } = this.#options;
    if (pending !== undefined) {
      pending.push(command, length);
      if (pending.isTooMuch) this.#options.isTooMuch(session);
    } else if (isAhead && turns !== undefined) {
      this.hold(session).push(command, length);
      void turns.next().then(() => this.resume(session));
    } else {
      this.#begin(session, command, length);
    }
  }

  /** From now on what the client says waits, until `resume`. */
  hold(session: Session): PendingCommands {
    const pending = new PendingCommands(session.app.frameBytes);
    session.pending = pending;
    return pending;
  }

  /** Goes on with what waits, until that waits for an answer itself. */
  async resume(session: Session): Promise<void> {
    let done = 0;
    // A session that has ended meanwhile has nothing pending.
    for (let next = session.pending?.peek(); next !== undefined; next = session.pending?.peek()) {
      const step = this.#step(session, next);
      if (step instanceof Later) {
        await step.until;
        continue;
      }
      session.pending?.shift();
      if (step instanceof Promise) await step;
      done += 1;
      if (done % mostStepsInATurn === 0) await this.#options.turns?.next();
    }
    session.pending = undefined;
  }

  #begin(session: Session, command: Command, length: number): void {
    const step = this.#step(session, command);
    if (step === undefined) return;
    const pending = this.hold(session);
    if (step instanceof Later) pending.push(command, length);
    void (step instanceof Later ? step.until : step).then(() => this.resume(session));
  }

  /** Performs a command, unless its turn comes later. Pending while those behind it have to wait for it. */
  #step(session: Session, command: Command): MaybePromise<void> | Later {
    const before = this.#joins.before(session, command);
    if (before !== undefined) return new Later(before);
    const step = this.#options.perform(session, command);
    if (step === 'in-turn') return session.joins && new Later(session.joins.last);
    if (command.kind !== 'subscribe' || step === undefined) return step;
    this.#joins.add(session, command.channel, step);
    return undefined;
  }
}

/** A command whose turn has not come. */
class Later {
  readonly until: Promise<void>;

  constructor(until: Promise<void>) {
    this.until = until;
  }
}
