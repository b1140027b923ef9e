import type { Clock, Millis } from '../../../ports/clock.ts';
import type { Reply } from '../link/replies.ts';

/** Runs a step's script under this epoch and number. */
export type SendStep = (epoch: string, number: number) => Promise<Reply>;

/** A node in one partition from one registration to the next: its name there, and the numbers of its steps. */
export class Epoch {
  readonly name: string;
  #sent = 0;
  #taken = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** The last step that is known to be taken. */
  get taken(): number {
    return this.#taken;
  }

  /** The number of the next step; it is to be sent at once. */
  next(): number {
    this.#sent += 1;
    return this.#sent;
  }

  /** A step is known to be taken, and with it all before. */
  took(number: number): void {
    this.#taken = Math.max(this.#taken, number);
  }
}

export interface StepsOptions {
  readonly clock: Clock;
  /** A step was not taken, or may not have been: the epoch is not to be trusted any more. `error`: Redis did not answer. */
  readonly failed: (epoch: Epoch, error?: unknown) => void;
}

/** Has steps taken, and notes what their answers say of Redis. */
export class Steps {
  /** Redis has no memory left for anything new. */
  isFull = false;
  /** When Redis last answered. */
  heardAt: Millis = -Infinity;
  readonly #options: StepsOptions;
  #underWay = 0;

  constructor(options: StepsOptions) {
    this.#options = options;
  }

  /** Whether none is under way. */
  get areIdle(): boolean {
    return this.#underWay === 0;
  }

  /** Has a step taken under the number that it was given. Undefined: it was not, or may not have been. */
  async take(send: SendStep, epoch: Epoch, number: number): Promise<Reply | undefined> {
    const { clock, failed } = this.#options;
    this.#underWay += 1;
    try {
      const reply = await send(epoch.name, number);
      if (reply[0] === 'unknown' || reply[0] === 'gap') {
        failed(epoch);
        return undefined;
      }
      epoch.took(number);
      this.heardAt = clock.now();
      if (reply[0] === 'full') this.isFull = true;
      return reply;
    } catch (error) {
      failed(epoch, error);
      return undefined;
    } finally {
      this.#underWay -= 1;
    }
  }
}
