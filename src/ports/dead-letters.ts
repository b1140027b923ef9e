import type { ChannelName } from '../protocol/channel-name.ts';
import type { DeadLetter, LetterAttempt, LossReason } from '../webhooks/dead-letter.ts';
import type { EventName } from '../webhooks/event.ts';
import type { MaybePromise } from './maybe-promise.ts';
import type { Unavailable } from './unavailable.ts';

/** Selects letters of an app. A missing criterion matches all. */
export interface LetterQuery {
  readonly endpointId?: string | undefined;
  readonly reason?: LossReason | undefined;
  /** The letter has an event of this channel and with this name. If both are given, one event must match both. */
  readonly channel?: ChannelName | undefined;
  readonly event?: EventName | undefined;
  /** Time of day of the loss, in milliseconds, both ends included. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  /** Only letters that the endpoint has not accepted since. */
  readonly isOpen?: boolean;
  readonly limit: number;
  /** The `next` of the page before; undefined: the first page. */
  readonly cursor?: string | undefined;
}

/** A number of deliveries, and of the events in them. */
export interface LetterCount {
  readonly deliveries: number;
  readonly events: number;
}

/** A page of letters, latest first. */
export interface LetterPage {
  readonly letters: readonly DeadLetter[];
  /** The cursor of the next page; undefined if there is none. */
  readonly next: string | undefined;
  /** Letters of the app that are no longer kept, because of the bounds in bytes and days. */
  readonly forgotten: LetterCount;
  /** Time of day, in milliseconds, since which losses are kept. */
  readonly keptSinceMs: number;
}

/** The cursor does not belong to these letters. */
export const unknownCursor: unique symbol = Symbol('unknown cursor');

export type UnknownCursor = typeof unknownCursor;

/** Stores dead letters, within bounds in bytes and days. The ids of an app's letters are unique. */
export interface DeadLetters {
  add(letter: DeadLetter): void;
  /** Reads a page. A page is shorter if its letters are large. */
  read(appId: string, query: LetterQuery): MaybePromise<LetterPage | UnknownCursor | Unavailable>;
  find(appId: string, id: string): MaybePromise<DeadLetter | undefined | Unavailable>;
  /** Another attempt of a letter has ended. Does nothing if the letter is no longer kept. */
  attempted(appId: string, id: string, attempt: LetterAttempt): void;
  /** Removes all letters of the app, and the count of those no longer kept. */
  forget(appId: string): void;
}

/** Receives changes of letters, to store them beyond the process. */
export interface LetterKeeper {
  /** The letter with this number, which determines its order, is new or has changed. */
  put(order: number, letter: DeadLetter): void;
  remove(order: number): void;
  /** This many letters of the app are no longer kept; undefined if the app itself was removed. */
  forgotten(appId: string, count: LetterCount | undefined): void;
}

/** Letters that were stored by an earlier process. */
export interface StoredLetters {
  /** In the order in which they were added. */
  readonly letters: readonly { readonly order: number; readonly letter: DeadLetter }[];
  /** By app. */
  readonly forgotten: ReadonlyMap<string, LetterCount>;
  readonly keptSinceMs: number | undefined;
}
