import type { ChannelName } from '../protocol/channel-name.ts';
import type { DeadLetter, LetterAttempt, LossReason } from '../webhooks/dead-letter.ts';
import type { EventName } from '../webhooks/event.ts';
import type { MaybePromise } from './maybe-promise.ts';
import type { Unavailable } from './unavailable.ts';

/** Which letters of an app are asked for; what is not given does not matter. */
export interface LetterQuery {
  readonly endpointId?: string | undefined;
  readonly reason?: LossReason | undefined;
  /** An event of the letter is of this channel and has this name: of both, the same event. */
  readonly channel?: ChannelName | undefined;
  readonly event?: EventName | undefined;
  /** Time of day of the loss, in milliseconds, both ends included. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  /** Only those that the endpoint has not taken after all. */
  readonly isOpen?: boolean;
  readonly limit: number;
  /** The `next` of the page before; undefined: the first page. */
  readonly cursor?: string | undefined;
}

/** How many deliveries, and events in them. */
export interface LetterCount {
  readonly deliveries: number;
  readonly events: number;
}

/** Some of the letters, latest first. */
export interface LetterPage {
  readonly letters: readonly DeadLetter[];
  /** Where the next page begins; undefined: there is none. */
  readonly next: string | undefined;
  /** What was kept of the app and is no more, by the bounds in bytes and days. */
  readonly forgotten: LetterCount;
  /** Time of day, in milliseconds, from which on losses are kept here. */
  readonly keptSinceMs: number;
}

/** A cursor that is none of these letters' pages. */
export const unknownCursor: unique symbol = Symbol('unknown cursor');

export type UnknownCursor = typeof unknownCursor;

/** Where dead letters are kept, within bounds in bytes and days. The ids of an app's letters are unique. */
export interface DeadLetters {
  add(letter: DeadLetter): void;
  /** A page ends early where the letters on it are large. */
  read(appId: string, query: LetterQuery): MaybePromise<LetterPage | UnknownCursor | Unavailable>;
  find(appId: string, id: string): MaybePromise<DeadLetter | undefined | Unavailable>;
  /** Another attempt of a letter has ended. A letter that is not kept any more stays forgotten. */
  attempted(appId: string, id: string, attempt: LetterAttempt): void;
  /** Nothing of the app was lost, as far as anybody is told from now on. */
  forget(appId: string): void;
}

/** Hears how the letters change, for whoever keeps them beyond the process. */
export interface LetterKeeper {
  /** The letter with this number, which says its place, is new or another one now. */
  put(order: number, letter: DeadLetter): void;
  remove(order: number): void;
  /** So much of the app is kept no more; undefined: nothing is said of the app any more. */
  forgotten(appId: string, count: LetterCount | undefined): void;
}

/** What was kept beyond an earlier process. */
export interface KeptLetters {
  /** In the order of adding. */
  readonly letters: readonly { readonly order: number; readonly letter: DeadLetter }[];
  /** By app. */
  readonly forgotten: ReadonlyMap<string, LetterCount>;
  readonly keptSinceMs: number | undefined;
}
