import type { StoredEventState } from '../../ports/delivery-source.ts';
import type { EventRef, Settlement } from '../../ports/delivery-store.ts';
import { isWebhookEvent, type WebhookEvent } from '../../webhooks/event.ts';
import { isNumber, isTexts, type Rows } from './rows.ts';
import { isText } from '../../protocol/json-value.ts';
import type { Database } from '../disk/database.ts';

/** A stored event. */
export interface KeptEvent extends StoredEventState {
  readonly ref: EventRef;
  readonly appId: string;
  readonly event: WebhookEvent;
}

/** Successive events that are written together. They share one key, because each key has a cost. */
interface Segment {
  readonly seq: number;
  /** Null: no endpoint waits for the event any more, and it is not kept. */
  readonly rows: (Row | null)[];
  /** The number of rows that some endpoint still waits for. */
  open: number;
  isWritten: boolean;
}

interface Row {
  readonly appId: string;
  /** When it happened, on the clock that stands still while the program is down. */
  readonly at: number;
  readonly event: WebhookEvent;
  /** The endpoints that have decided the event. */
  readonly settledFor: Set<string>;
  isDone: boolean;
}

/** The stored form of a row. */
type WrittenRow = readonly [appId: string, at: number, event: WebhookEvent, settledFor?: readonly string[]];

/** By index: true for a finished row, otherwise the endpoints that have decided it. */
type Settled = Readonly<Record<number, true | readonly string[]>>;

/** More segments than a run has, yet few enough for the numbers of two million runs to stay safe integers. */
const segmentsPerRun = 2 ** 26;

/** The maximum number of events that share a key. */
const mostRows = 64;

/** The events that some endpoint still waits for, in the order in which they happened. */
export class OutboxTable {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #segments = new Map<number, Segment>();
  /** The segment that takes further events, until it is written. */
  #newest: Segment | undefined;
  /** Segments that were written, and partly settled since. */
  readonly #changed = new Set<Segment>();
  #lastSeq: number;

  /** `run` counts the runs of the process: sequence numbers rise from run to run, even if nothing was left. */
  constructor(database: Database, now: () => number, run: number) {
    this.#database = database;
    this.#now = now;
    this.#lastSeq = run * segmentsPerRun;
  }

  /** No event so far has a greater sequence number. */
  get lastPlace(): number {
    return seqOf(this.#lastSeq, mostRows - 1);
  }

  /** The stored events, the oldest first. Call it once, before any event is added. */
  *restore(kept: Rows): Generator<KeptEvent, void> {
    const settled = new Map<unknown, Settled>();
    for (const { key, value } of kept.read('settled', isSettled)) settled.set(key, value);
    for (const { key, value } of kept.read('outbox', isList)) {
      const seq = Number(key);
      this.#lastSeq = Math.max(this.#lastSeq, seq);
      const since = settled.get(key) ?? {};
      const rows = value.map((row, index) => parseRow(row, since[index]));
      const segment: Segment = { seq, rows, open: 0, isWritten: true };
      segment.open = segment.rows.filter((row) => row !== null).length;
      if (segment.open === 0) this.#forget(segment);
      else this.#segments.set(seq, segment);
    }
    const now = this.#now();
    for (const { seq, rows } of Array.from(this.#segments.values())) {
      for (const [index, row] of rows.entries()) {
        if (row === null) continue;
        const { appId, at, event, settledFor } = row;
        const place = { ref: refOf(seq, index), seq: seqOf(seq, index) };
        yield { ...place, appId, event, ageMs: Math.max(0, now - at), settledFor };
      }
    }
  }

  /** Adds an event that has just happened. */
  add(appId: string, event: WebhookEvent): { readonly ref: EventRef; readonly seq: number } {
    const segment = this.#openSegment();
    const index = segment.rows.length;
    segment.rows.push({ appId, at: this.#now(), event, settledFor: new Set(), isDone: false });
    segment.open += 1;
    return { ref: refOf(segment.seq, index), seq: seqOf(segment.seq, index) };
  }

  /** An endpoint has decided events. */
  settle({ endpointId, events }: Settlement): void {
    for (const { ref, isLast } of events) this.#settleOne(ref, endpointId, isLast);
  }

  /** Puts the changes since the last write. */
  prepare(): void {
    const newest = this.#newest;
    this.#newest = undefined;
    if (newest?.open === 0) this.#forget(newest);
    else if (newest !== undefined) {
      newest.isWritten = true;
      this.#database.put('outbox', newest.seq, JSON.stringify(newest.rows.map(writeRow)));
    }
    for (const segment of this.#changed) {
      this.#database.put('settled', segment.seq, JSON.stringify(writeSettled(segment)));
    }
    this.#changed.clear();
  }

  #openSegment(): Segment {
    const newest = this.#newest;
    if (newest !== undefined && newest.rows.length < mostRows) return newest;
    if (newest !== undefined) this.prepare();
    this.#lastSeq += 1;
    const segment: Segment = { seq: this.#lastSeq, rows: [], open: 0, isWritten: false };
    this.#segments.set(segment.seq, segment);
    this.#newest = segment;
    // This reserves its position in the next write; its content is filled in by then.
    this.#database.put('outbox', segment.seq, '[]');
    return segment;
  }

  #settleOne(ref: EventRef, endpointId: string, isLast: boolean): void {
    const dot = ref.indexOf('.');
    const segment = this.#segments.get(Number(ref.slice(0, dot)));
    const row = segment?.rows[Number(ref.slice(dot + 1))];
    if (segment === undefined || row === undefined || row === null) return;
    if (isLast) return this.#finish(segment, row);
    row.settledFor.add(endpointId);
    this.#change(segment);
  }

  #finish(segment: Segment, row: Row): void {
    if (row.isDone) return;
    row.isDone = true;
    segment.open -= 1;
    if (segment.open > 0) this.#change(segment);
    else if (segment !== this.#newest) this.#forget(segment);
  }

  #change(segment: Segment): void {
    if (!segment.isWritten || this.#changed.has(segment)) return;
    this.#changed.add(segment);
    this.#database.put('settled', segment.seq, '{}');
  }

  #forget(segment: Segment): void {
    this.#segments.delete(segment.seq);
    this.#changed.delete(segment);
    this.#database.remove('outbox', segment.seq);
    this.#database.remove('settled', segment.seq);
  }
}

function refOf(seq: number, index: number): EventRef {
  return `${seq}.${index}`;
}

function seqOf(seq: number, index: number): number {
  return seq * mostRows + index;
}

function writeRow(row: Row | null): WrittenRow | null {
  if (row === null || row.isDone) return null;
  const { appId, at, event, settledFor } = row;
  return settledFor.size === 0 ? [appId, at, event] : [appId, at, event, [...settledFor]];
}

function writeSettled({ rows }: Segment): Settled {
  const settled: Record<number, true | readonly string[]> = {};
  for (const [index, row] of rows.entries()) {
    if (row === null || row.isDone) settled[index] = true;
    else if (row.settledFor.size > 0) settled[index] = [...row.settledFor];
  }
  return settled;
}

/** Null if no endpoint waits for it. The index of each row stays the same, because events are identified by it. */
function parseRow(row: unknown, settled: Settled[number] | undefined): Row | null {
  if (settled === true || !isWrittenRow(row)) return null;
  const [appId, at, event, settledFor = []] = row;
  return { appId, at, event, settledFor: new Set([...settledFor, ...(settled ?? [])]), isDone: false };
}

function isWrittenRow(row: unknown): row is WrittenRow {
  if (!Array.isArray(row)) return false;
  const [appId, at, event, settledFor = []]: readonly unknown[] = row;
  return isText(appId) && isNumber(at) && isWebhookEvent(event) && isTexts(settledFor);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isSettled(value: unknown): value is Settled {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every((one: unknown) => one === true || isTexts(one));
}
