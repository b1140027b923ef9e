import type { MaybePromise } from '../ports/maybe-promise.ts';
import type { Command } from '../protocol/decode.ts';
import type { FairTurns } from './fair-turns.ts';
import { Joins } from '../apps/joins.ts';
import { PendingCommands } from '../apps/pending-commands.ts';
import type { Session } from '../apps/session.ts';

/** How many waiting commands of one connection are performed before others have their turn. */
const mostStepsInATurn = 50;

export interface CommandOrderOptions {
  /** Where connections that send much wait for their turn; undefined if none has to. */
  readonly turns: FairTurns | undefined;
  /**
   * Performs a command. If it returns a promise, later commands wait for it, except for joins (see `Joins`). `in-turn`: nothing
   * was done, because the command would be answered immediately while earlier joins are not answered yet.
   */
  readonly perform: (session: Session, command: Command) => MaybePromise<void> | 'in-turn';
  /** Whether a ping waits for the answers to earlier commands. */
  readonly pingsWait?: boolean | undefined;
  /** Called when too many commands of a connection wait. */
  readonly isTooMuch: (session: Session) => void;
}

/** Ensures that the commands of each connection are performed and answered in order. */
export class CommandOrder {
  readonly #options: CommandOrderOptions;
  readonly #joins: Joins;

  constructor(options: CommandOrderOptions) {
    this.#options = options;
    this.#joins = new Joins(options.pingsWait === true);
  }

  /** Performs a command now, or when its turn comes. `isAhead`: the client has sent so much that others come first. */
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

  /** From now on, the commands of the client wait until `resume` is called. */
  hold(session: Session): PendingCommands {
    const pending = new PendingCommands(session.app.frameBytes);
    session.pending = pending;
    return pending;
  }

  /** Performs the waiting commands, until one of them has to wait for an answer. */
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

  /** Performs a command unless its turn comes later. Returns a promise while later commands have to wait for it. */
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
