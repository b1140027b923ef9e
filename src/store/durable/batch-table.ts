import type { RestoredBatch, RestoredEvent } from '../../ports/delivery-source.ts';
import type { EventRef, KeptBatch } from '../../ports/delivery-store.ts';
import { hasFields, isNumber, isTexts, type Rows } from './rows.ts';
import { isText } from '../../protocol/json-value.ts';
import type { Database } from '../disk/database.ts';

/** A batch as it is stored. */
interface WrittenBatch extends Omit<KeptBatch, 'id'> {
  /** The number of attempts that may have begun. */
  readonly attempts: number;
  /** The run of the process in which it was stored, counted from 1. */
  readonly life: number;
}

/** The batches in progress, so that the same bytes are sent again under the same id. */
export class BatchTable {
  readonly #database: Database;
  readonly #batches = new Map<string, Omit<KeptBatch, 'id'>>();

  readonly #run: number;

  /** `run` counts the runs of the process. It is safe on disk before any attempt is made. */
  constructor(database: Database, run: number) {
    this.#database = database;
    this.#run = run;
  }

  /**
   * The batches in progress, with those events that are not settled. All may be attempted immediately: the remaining delay of a
   * retry means nothing after the program was down.
   */
  restore(rows: Rows, eventOf: (ref: EventRef) => RestoredEvent | undefined): readonly RestoredBatch[] {
    return [...rows.read('batches', isWritten)].flatMap(({ key, value }) => {
      const id = String(key);
      const { attempts, life, ...batch } = value;
      const events = batch.refs.flatMap((ref) => eventOf(ref) ?? []);
      // Its events were settled in the same write as the batch, or not at all.
      if (events.length !== batch.refs.length) {
        this.#database.remove('batches', id);
        return [];
      }
      this.#batches.set(id, batch);
      // Each run in between may have begun one attempt that it could not record.
      const begun = attempts + this.#run - life - 1;
      return { id, ...batch, attempts: begun, delayMs: 0, events };
    });
  }

  /** Stores a batch before its first attempt, which counts as begun. */
  keep({ id, ...batch }: KeptBatch): void {
    this.#batches.set(id, batch);
    this.#write(id, 1);
  }

  /** An attempt has failed. The next one counts as begun, because a crash would leave that unknown. */
  postpone(id: string, attempts: number): void {
    this.#write(id, attempts + 1);
  }

  remove(id: string): void {
    if (this.#batches.delete(id)) this.#database.remove('batches', id);
  }

  #write(id: string, attempts: number): void {
    const batch = this.#batches.get(id);
    if (batch === undefined) return;
    const written: WrittenBatch = { ...batch, attempts, life: this.#run };
    this.#database.put('batches', id, JSON.stringify(written));
  }
}

function isWritten(value: unknown): value is WrittenBatch {
  const isRight = { appId: isText, endpointId: isText, timeMs: isNumber, refs: isTexts };
  return hasFields(value, { ...isRight, attempts: isNumber, life: isNumber });
}
