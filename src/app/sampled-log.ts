import type { Cancel, Clock, Millis } from '../ports/clock.ts';
import type { LogFields } from '../ports/log.ts';

/** After one line the next of its kind are summed up for so long. */
const sumUpForMs: Millis = 1000;

interface Kind {
  /** What the last of those that are not said yet was. */
  unsaid: LogFields | undefined;
  times: number;
  readonly cancel: Cancel;
}

/**
 * Says what may happen very often: the first of a kind at once, those that follow within a second in one line, with how
 * many `times` they were and the fields of the last.
 */
export class SampledLog {
  readonly #clock: Clock;
  readonly #say: (fields: LogFields) => void;
  readonly #kinds = new Map<string, Kind>();

  constructor(clock: Clock, say: (fields: LogFields) => void) {
    this.#clock = clock;
    this.#say = say;
  }

  add(kind: string, fields: LogFields): void {
    const known = this.#kinds.get(kind);
    if (known === undefined) {
      this.#say(fields);
      this.#sumUp(kind);
    } else {
      known.unsaid = fields;
      known.times += 1;
    }
  }

  /** Says what is still unsaid, and forgets what was said. */
  close(): void {
    for (const [name, kind] of this.#kinds) {
      kind.cancel();
      this.#end(name, kind);
    }
  }

  #sumUp(name: string): void {
    const kind: Kind = {
      unsaid: undefined,
      times: 0,
      cancel: this.#clock.after(sumUpForMs, () => {
        if (this.#end(name, kind)) this.#sumUp(name);
      }),
    };
    this.#kinds.set(name, kind);
  }

  /** Whether there was something unsaid. */
  #end(name: string, { unsaid, times }: Kind): boolean {
    this.#kinds.delete(name);
    if (unsaid === undefined) return false;
    this.#say({ ...unsaid, times });
    return true;
  }
}
