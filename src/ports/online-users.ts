import type { MaybePromise } from './maybe-promise.ts';

/** What this node reports when a connection has signed in. */
export interface SignIn {
  readonly appId: string;
  readonly userId: string;
  /** The users of whom the connection wants to know whether they are online. */
  readonly watched: readonly string[];
}

/** What those who watch a user are told at once. */
export type UserState = 'online' | 'offline';

/**
 * Who is signed in, and who wants to know of it: the part of the ledger that concerns users. What holds of each step is
 * written at `Ledger`.
 */
export interface OnlineUsers {
  /**
   * This node has a connection signed in as the user. Answers which of the watched users are online; they are
   * watched until `unwatch`. When the answer has come, what other nodes publish to the user arrives here.
   */
  signIn(signIn: SignIn): MaybePromise<ReadonlySet<string>>;
  /** A connection wants to know of these users no more, once for each sign-in that named them. */
  unwatch(appId: string, watched: readonly string[]): void;
  /** This node has no connection signed in as the user any more. */
  signOut(appId: string, userId: string): MaybePromise<void>;
}
