import type { WallTime } from '../../ports/clock.ts';
import {
  unknownCursor,
  type DeadLetters,
  type StoredLetters,
  type LetterKeeper,
  type LetterPage,
  type LetterQuery,
  type UnknownCursor,
} from '../../ports/dead-letters.ts';
import { LinkedList, type ListNode } from '../../structures/linked-list.ts';
import { letterBytes, withAttempt, type DeadLetter, type LetterAttempt } from '../../webhooks/dead-letter.ts';

/** The dependencies and bounds of the letters in memory. */
export interface MemoryDeadLettersOptions {
  readonly wallTime: WallTime;
  /** The maximum size of all letters, of all apps together. */
  readonly maxBytes: number;
  readonly keepDays: number;
  /** Identifies this memory: a cursor of another one is not valid here. */
  readonly run: string;
  readonly keeper?: LetterKeeper | undefined;
}

const noop = (): void => {};
const noKeeper: LetterKeeper = { put: noop, remove: noop, forgotten: noop };

/** Letters that share a part of the space. */
interface Shelf {
  readonly entries: LinkedList<Entry>;
  bytes: number;
}

interface Entry {
  letter: DeadLetter;
  bytes: number;
  /** Later letters have greater numbers. */
  readonly order: number;
  readonly shelfKey: string;
  readonly shelf: Shelf;
  shelfNode: ListNode<Entry> | undefined;
  ageNode: ListNode<Entry> | undefined;
}

interface OfApp {
  /** By id, oldest first. */
  readonly entries: Map<string, Entry>;
  forgotten: { deliveries: number; events: number };
}

const dayMs = 86_400_000;

/** The maximum size of a page, which becomes one response. */
const pageBytes = 4 * 1024 * 1024;

/**
 * Dead letters in memory, bounded in bytes over all apps. Each endpoint has a shelf, and a second one for what it was not sent
 * while disabled. When there is no space, the oldest letter of the fullest shelf is removed, so that a flood does not push out
 * the losses of other endpoints.
 */
export class MemoryDeadLetters implements DeadLetters {
  readonly #options: MemoryDeadLettersOptions;
  readonly #keeper: LetterKeeper;
  readonly #apps = new Map<string, OfApp>();
  readonly #shelves = new Map<string, Shelf>();
  #byAge = new LinkedList<Entry>();
  #bytes = 0;
  #order = 0;
  #keptSinceMs: number;

  constructor(options: MemoryDeadLettersOptions) {
    this.#options = options;
    this.#keeper = options.keeper ?? noKeeper;
    this.#keptSinceMs = options.wallTime.now();
  }

  /** Replaces all letters by stored ones. Without `keptSinceMs`, losses are kept from now on. */
  restore({ letters, forgotten, keptSinceMs = this.#options.wallTime.now() }: StoredLetters): void {
    this.#apps.clear();
    this.#shelves.clear();
    this.#byAge = new LinkedList();
    this.#bytes = 0;
    this.#order = 0;
    this.#keptSinceMs = keptSinceMs;
    for (const [appId, { deliveries, events }] of forgotten) {
      this.#appOf(appId).forgotten = { deliveries, events };
    }
    for (const { order, letter } of letters) this.#insert(order, letter);
  }

  /** Passes everything to the keeper again, because it may have lost it. */
  keepAgain(): void {
    for (const [appId, { entries, forgotten }] of this.#apps) {
      if (forgotten.deliveries > 0) this.#keeper.forgotten(appId, forgotten);
      for (const { order, letter } of entries.values()) this.#keeper.put(order, letter);
    }
  }

  /** The size of the letters, never more than the bound. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Time of day, in milliseconds, since which losses are kept. */
  get keptSinceMs(): number {
    return this.#keptSinceMs;
  }

  add(letter: DeadLetter): void {
    const { appId, id, events } = letter;
    const earlier = this.#appOf(appId).entries.get(id);
    if (earlier !== undefined) this.#remove(earlier);
    // It would push out all other letters and then itself.
    if (letterBytes(letter) > this.#options.maxBytes) return this.#count(appId, events.length);
    const order = this.#order + 1;
    this.#keeper.put(order, letter);
    this.#insert(order, letter);
  }

  #insert(order: number, letter: DeadLetter): void {
    const { appId, id } = letter;
    const bytes = letterBytes(letter);
    const shelfKey = shelfKeyOf(letter);
    const shelf = this.#shelfOf(shelfKey);
    this.#order = order;
    const entry: Entry = {
      letter,
      bytes,
      order,
      shelfKey,
      shelf,
      shelfNode: undefined,
      ageNode: undefined,
    };
    entry.shelfNode = shelf.entries.push(entry);
    entry.ageNode = this.#byAge.push(entry);
    this.#appOf(appId).entries.set(id, entry);
    this.#grow(entry, bytes);
    this.#makeRoom(shelf);
  }

  read(appId: string, query: LetterQuery): LetterPage | UnknownCursor {
    const before = query.cursor === undefined ? Infinity : this.#parseCursor(query.cursor);
    if (before === undefined) return unknownCursor;
    this.#forgetOld();
    const app = this.#apps.get(appId);
    const letters: DeadLetter[] = [];
    let bytes = 0;
    let next: string | undefined;
    let last = before;
    for (const { letter, order, bytes: size } of [...(app?.entries.values() ?? [])].toReversed()) {
      if (order >= before || !matches(letter, query)) continue;
      if (letters.length === query.limit || (letters.length > 0 && bytes + size > pageBytes)) {
        next = this.#cursor(last);
        break;
      }
      letters.push(letter);
      bytes += size;
      last = order;
    }
    const forgotten = { deliveries: 0, events: 0, ...app?.forgotten };
    return { letters, next, forgotten, keptSinceMs: this.#keptSinceMs };
  }

  find(appId: string, id: string): DeadLetter | undefined {
    this.#forgetOld();
    return this.#apps.get(appId)?.entries.get(id)?.letter;
  }

  attempted(appId: string, id: string, attempt: LetterAttempt): void {
    const entry = this.#apps.get(appId)?.entries.get(id);
    if (entry === undefined) return;
    entry.letter = withAttempt(entry.letter, attempt);
    this.#keeper.put(entry.order, entry.letter);
    const bytes = letterBytes(entry.letter);
    const grownBy = bytes - entry.bytes;
    entry.bytes = bytes;
    this.#grow(entry, grownBy);
    this.#makeRoom(entry.shelf);
  }

  forget(appId: string): void {
    const app = this.#apps.get(appId);
    if (app === undefined) return;
    for (const entry of app.entries.values()) this.#remove(entry);
    this.#apps.delete(appId);
    this.#keeper.forgotten(appId, undefined);
  }

  #appOf(appId: string): OfApp {
    let app = this.#apps.get(appId);
    if (app === undefined) {
      app = { entries: new Map(), forgotten: { deliveries: 0, events: 0 } };
      this.#apps.set(appId, app);
    }
    return app;
  }

  #shelfOf(key: string): Shelf {
    let shelf = this.#shelves.get(key);
    if (shelf === undefined) {
      shelf = { entries: new LinkedList(), bytes: 0 };
      this.#shelves.set(key, shelf);
    }
    return shelf;
  }

  #grow({ shelf }: Entry, bytes: number): void {
    shelf.bytes += bytes;
    this.#bytes += bytes;
  }

  /** `grown` is the shelf that has just grown. */
  #makeRoom(grown: Shelf): void {
    this.#forgetOld();
    const { maxBytes } = this.#options;
    while (this.#bytes > maxBytes) {
      // In a flood, the growing shelf is the fullest, and no search is needed.
      const isLarge = grown.bytes * this.#shelves.size > maxBytes;
      const { first } = (isLarge ? grown : this.#fullestShelf()).entries;
      if (first === undefined) return;
      this.#forgetOne(first);
    }
  }

  #fullestShelf(): Shelf {
    let fullest: Shelf = { entries: new LinkedList(), bytes: 0 };
    for (const shelf of this.#shelves.values()) if (shelf.bytes > fullest.bytes) fullest = shelf;
    return fullest;
  }

  #forgetOld(): void {
    const before = this.#options.wallTime.now() - this.#options.keepDays * dayMs;
    for (let oldest = this.#byAge.first; oldest !== undefined; oldest = this.#byAge.first) {
      if (oldest.letter.droppedAtMs >= before) return;
      this.#forgetOne(oldest);
    }
  }

  #forgetOne(entry: Entry): void {
    this.#remove(entry);
    this.#count(entry.letter.appId, entry.letter.events.length);
  }

  /** Counts one more letter that is no longer kept. */
  #count(appId: string, events: number): void {
    const { forgotten } = this.#appOf(appId);
    forgotten.deliveries += 1;
    forgotten.events += events;
    this.#keeper.forgotten(appId, forgotten);
  }

  #remove(entry: Entry): void {
    this.#keeper.remove(entry.order);
    const { letter, shelf, shelfKey, shelfNode, ageNode } = entry;
    this.#apps.get(letter.appId)?.entries.delete(letter.id);
    if (shelfNode !== undefined) shelf.entries.remove(shelfNode);
    if (ageNode !== undefined) this.#byAge.remove(ageNode);
    this.#grow(entry, -entry.bytes);
    if (shelf.entries.size === 0) this.#shelves.delete(shelfKey);
  }

  #cursor(order: number): string {
    return Buffer.from(`${order} ${this.#options.run}`).toString('base64url');
  }

  /** Undefined if the cursor does not belong to this memory. */
  #parseCursor(cursor: string): number | undefined {
    const [order = '', ...life] = Buffer.from(cursor, 'base64url').toString().split(' ');
    return /^\d{1,15}$/.test(order) && life.join(' ') === this.#options.run ? Number(order) : undefined;
  }
}

function shelfKeyOf({ appId, endpointId, reason }: DeadLetter): string {
  return `${appId}\n${endpointId}\n${reason === 'disabled' ? reason : ''}`;
}

function matches(letter: DeadLetter, query: LetterQuery): boolean {
  const { endpointId, reason, channel, event, sinceMs = -Infinity, untilMs = Infinity } = query;
  if (letter.droppedAtMs < sinceMs || letter.droppedAtMs > untilMs) return false;
  if (endpointId !== undefined && letter.endpointId !== endpointId) return false;
  if (reason !== undefined && letter.reason !== reason) return false;
  if (query.isOpen === true && letter.resentAtMs !== undefined) return false;
  if (channel === undefined && event === undefined) return true;
  return letter.events.some(
    (one) => (channel ?? one.channel) === one.channel && (event ?? one.name) === one.name,
  );
}
