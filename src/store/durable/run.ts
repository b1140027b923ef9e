import { randomUUID } from 'node:crypto';
import type { Clock, Millis } from '../../ports/clock.ts';
import type { Database } from '../disk/database.ts';
import { parseJson } from '../../protocol/json-value.ts';
import { hasFields, isNumber } from './rows.ts';
import { resumeTimes, type Readings, type ResumedTimes, type SavedTimes } from '../disk/times.ts';

/** How the previous run ended, as far as that can be known. */
export interface Ending {
  /** `killed`: without a graceful shutdown, for any reason. */
  readonly how: 'orderly' | 'killed';
  /** How long the program was down. */
  readonly downMs: Millis;
  readonly warning: ResumedTimes['warning'];
}

/** A time while the program was down: the time of day at which the run before it ended, and how long it was. */
type Down = readonly [endMs: number, downMs: Millis];

/** How many of them are remembered. */
const mostDowns = 64;

/** One run of the process with a state that outlives it, and the two clocks that continue from run to run. */
export class Run {
  /** Identifies the state. It changes only when the data is new. */
  readonly epoch: string;
  /** How often the program has been started with this state, including this time. */
  readonly starts: number;
  /** Undefined if this is the first run. */
  readonly before: Ending | undefined;
  /** The content of the table `meta` at the start. */
  readonly meta: ReadonlyMap<unknown, string>;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #read: () => Readings;
  readonly #downs: readonly Down[];
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
    const downs = parseDowns(meta.get('downs'));
    this.#downs =
      saved && resumed ? [...downs, [saved.wallMs, resumed.downMs] as const].slice(-mostDowns) : downs;
    database.put('meta', 'downs', JSON.stringify(this.#downs));
    database.put('meta', 'epoch', this.epoch);
    database.put('meta', 'starts', String(this.starts));
    database.remove('meta', 'ended');
    this.note();
  }

  /** A clock that stands still while the program is down. */
  readonly running = (): number => this.#from.A + this.#elapsed;

  /** A clock that also runs while the program is down. */
  readonly lasting = (): number => this.#from.D + this.#elapsed;

  /** How long the program has been down since a time of day, at which it was running. */
  readonly downSince = (timeMs: number): Millis =>
    this.#downs.reduce((sum, [endMs, downMs]) => (endMs + downMs > timeMs ? sum + downMs : sum), 0);

  /** Stores the current time, so that the end of this run is known up to that. */
  note(): void {
    const { wallMs, hrtimeMs, bootId } = this.#read();
    const times: SavedTimes = { A: this.running(), D: this.lasting(), wallMs, hrtimeMs, bootId };
    this.#database.put('meta', 'times', JSON.stringify(times));
  }

  /** This run ends gracefully. */
  end(): void {
    this.note();
    this.#database.put('meta', 'ended', 'orderly');
  }

  get #elapsed(): Millis {
    return this.#clock.now() - this.#from.at;
  }
}

function parseDowns(text = ''): readonly Down[] {
  const downs = parseJson(text);
  return isDowns(downs) ? downs : [];
}

function isDowns(value: unknown): value is readonly Down[] {
  return (
    Array.isArray(value) &&
    value.every((down) => Array.isArray(down) && down.length === 2 && down.every(isNumber))
  );
}

/** Undefined if the times are missing or not understood; nothing is known of the previous run then. */
function parseTimes(text = ''): SavedTimes | undefined {
  const times = parseJson(text);
  return isSavedTimes(times) ? times : undefined;
}

function isSavedTimes(value: unknown): value is SavedTimes {
  return hasFields(value, { A: isNumber, D: isNumber, wallMs: isNumber, hrtimeMs: isNumber });
}
