import type { Cancel, Clock, Millis } from '../ports/clock.ts';
import type { LogFields } from '../ports/log.ts';

/** After one line the next of its kind are summed up for so long. */
const sumUpForMs: Millis = 1000;

/** What is summed up at present. */
interface Kind {
  readonly message: string;
  /** The fields of the last that is not said yet, and how many there are. */
  unsaid: LogFields | undefined;
  times: number;
  cancel: Cancel;
}

/**
 * Says what may happen very often: the first of a kind at once, those that follow within a second in one line, with how
 * many `times` they were and the fields of the last. A kind is a message about a subject, such as an app.
 */
export class SampledLog {
  readonly #clock: Clock;
  readonly #say: (fields: LogFields, message: string) => void;
  readonly #kinds = new Map<string, Kind>();

  constructor(clock: Clock, say: (fields: LogFields, message: string) => void) {
    this.#clock = clock;
    this.#say = say;
  }

  add(subject: string, fields: LogFields, message: string): void {
    const key = `${message}\n${subject}`;
    const kind = this.#kinds.get(key);
    if (kind !== undefined) {
      kind.unsaid = fields;
      kind.times += 1;
      return;
    }
    this.#say(fields, message);
    const begun = { message, unsaid: undefined, times: 0, cancel: () => {} };
    this.#kinds.set(key, begun);
    this.#sumUp(key, begun);
  }

  /** Says what is still unsaid. */
  close(): void {
    for (const kind of this.#kinds.values()) {
      kind.cancel();
      this.#sayRest(kind);
    }
    this.#kinds.clear();
  }

  #sumUp(key: string, kind: Kind): void {
    kind.cancel = this.#clock.after(sumUpForMs, () => {
      if (this.#sayRest(kind)) this.#sumUp(key, kind);
      else this.#kinds.delete(key);
    });
  }

  /** Whether there was something unsaid. */
  #sayRest(kind: Kind): boolean {
    const { message, unsaid, times } = kind;
    if (unsaid === undefined) return false;
    kind.unsaid = undefined;
    kind.times = 0;
    this.#say({ ...unsaid, times }, message);
    return true;
  }
}
