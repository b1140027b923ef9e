import { randomUUID } from 'node:crypto';
import type { Clock, Millis } from '../../ports/clock.ts';
import type { Database } from '../disk/database.ts';
import { hasFields, isNumber, parse } from './rows.ts';
import { resumeTimes, type Readings, type ResumedTimes, type SavedTimes } from '../disk/times.ts';

/** How the life before this one ended, as far as it can be known. */
export interface Ending {
  /** `killed`: without a farewell, whatever the reason. */
  readonly how: 'orderly' | 'killed';
  /** How long the program was down. */
  readonly downMs: Millis;
  readonly warning: ResumedTimes['warning'];
}

/** One life of the process over a state that outlives it, and the two clocks that go on from life to life. */
export class Life {
  /** In which life of the state this is: a new one begins with new data only. */
  readonly epoch: string;
  /** How often the program has been started over this state, this time included. */
  readonly starts: number;
  /** Undefined: this is the first one. */
  readonly before: Ending | undefined;
  /** The table of what there is one of, as it was at the start. */
  readonly meta: ReadonlyMap<unknown, string>;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #read: () => Readings;
  readonly #from: { readonly A: number; readonly D: number; readonly at: Millis };

  constructor(database: Database, clock: Clock, read: () => Readings) {
    this.#database = database;
    this.#clock = clock;
    this.#read = read;
    const meta = new Map(database.entries('meta'));
    this.meta = meta;
    const saved = parseTimes(meta.get('times'));
    const resumed = saved && resumeTimes(saved, read());
    this.#from = { A: resumed?.A ?? 0, D: resumed?.D ?? 0, at: clock.now() };
    this.epoch = meta.get('epoch') ?? randomUUID();
    this.starts = Number(meta.get('starts') ?? 0) + 1;
    this.before = resumed && {
      how: meta.has('ended') ? 'orderly' : 'killed',
      downMs: resumed.downMs,
      warning: resumed.warning,
    };
    database.put('meta', 'epoch', this.epoch);
    database.put('meta', 'starts', String(this.starts));
    database.remove('meta', 'ended');
    this.note();
  }

  /** A clock that stands still while the program is down. */
  readonly running = (): number => this.#from.A + this.#elapsed;

  /** A clock that goes on while the program is down. */
  readonly lasting = (): number => this.#from.D + this.#elapsed;

  /** Notes what time it is, so that the end of this life is known to that moment. */
  note(): void {
    const { wallMs, hrtimeMs, bootId } = this.#read();
    const times: SavedTimes = { A: this.running(), D: this.lasting(), wallMs, hrtimeMs, bootId };
    this.#database.put('meta', 'times', JSON.stringify(times));
  }

  /** This life ends as it should. */
  end(): void {
    this.note();
    this.#database.put('meta', 'ended', 'orderly');
  }

  get #elapsed(): Millis {
    return this.#clock.now() - this.#from.at;
  }
}

/** Undefined: there are none, or they are not understood, and then nothing is known of the life before. */
function parseTimes(text = ''): SavedTimes | undefined {
  const times = parse(text);
  return isSavedTimes(times) ? times : undefined;
}

function isSavedTimes(value: unknown): value is SavedTimes {
  return hasFields(value, { A: isNumber, D: isNumber, wallMs: isNumber, hrtimeMs: isNumber });
}
