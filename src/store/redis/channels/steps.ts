import type { Clock, Millis } from '../../../ports/clock.ts';
import type { Reply } from '../link/replies.ts';

/** Runs a step's script under this epoch and number. */
export type SendStep = (epoch: string, number: number) => Promise<Reply>;

/** One registration of a node in one partition: its name there, and the numbers of its steps. */
export class Epoch {
  readonly name: string;
  #sent = 0;
  #taken = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** The number of the last step that is known to be taken. */
  get taken(): number {
    return this.#taken;
  }

  /** The number of the next step, which must be sent immediately. */
  next(): number {
    this.#sent += 1;
    return this.#sent;
  }

  /** A step is known to be taken, and so are all before it. */
  took(number: number): void {
    this.#taken = Math.max(this.#taken, number);
  }
}

export interface StepsOptions {
  readonly clock: Clock;
  /** A step was not taken, or perhaps not, so the epoch cannot be trusted any more. `error` is set if Redis did not answer. */
  readonly failed: (epoch: Epoch, error?: unknown) => void;
}

/** Sends steps, and notes what their answers show about Redis. */
export class Steps {
  /** Whether Redis has no memory left for anything new. */
  isFull = false;
  /** When Redis last answered. */
  lastAnswerAt: Millis = -Infinity;
  readonly #options: StepsOptions;
  #underWay = 0;

  constructor(options: StepsOptions) {
    this.#options = options;
  }

  /** Whether no step is under way. */
  get areIdle(): boolean {
    return this.#underWay === 0;
  }

  /** Sends a step under its number. Undefined if it was not taken, or perhaps not. */
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
      this.lastAnswerAt = clock.now();
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
