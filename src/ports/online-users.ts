import type { MaybePromise } from './maybe-promise.ts';

/** What this node reports when a connection has signed in. */
export interface SignIn {
  readonly appId: string;
  readonly userId: string;
  /** The users whose online status the connection watches. */
  readonly watched: readonly string[];
}

/** What the watchers of a user are sent immediately. */
export type UserState = 'online' | 'offline';

/**
 * Who is signed in, and who watches them: the part of the ledger that concerns users. The rules for all steps are documented at
 * `Ledger`.
 */
export interface OnlineUsers {
  /**
   * This node has a connection signed in as the user. Returns which of the watched users are online; they are watched until
   * `unwatch`. From the answer on, events that other nodes publish to the user arrive here.
   */
  signIn(signIn: SignIn): MaybePromise<ReadonlySet<string>>;
  /** A connection no longer watches these users. Called once for each sign-in that named them. */
  unwatch(appId: string, watched: readonly string[]): void;
  /** This node no longer has a connection signed in as the user. */
  signOut(appId: string, userId: string): MaybePromise<void>;
}
