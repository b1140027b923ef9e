import type { Notice } from '../../../src/ports/attendance.ts';
import type { Clock, Millis } from '../../../src/ports/clock.ts';
import type { Ledger } from '../../../src/ports/ledger.ts';
import type { MaybePromise } from '../../../src/ports/maybe-promise.ts';
import type { UserState } from '../../../src/ports/online-users.ts';
import type { Outbox } from '../../../src/ports/outbox.ts';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';

/** What every ledger is made with, whichever store it is on. */
export interface LedgerSurroundings {
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly notify: (appId: string, channel: ChannelName, notice: Notice) => void;
  readonly notifyWatchers: (appId: string, userId: string, state: UserState) => void;
  readonly wake: (dueAt: Millis) => void;
  readonly countSubscribers: (appId: string, channel: ChannelName) => number;
  readonly cacheTtlMs: Millis;
}

/** How the suite gets a ledger of one kind. */
export interface LedgerHarness {
  /** The ledger belongs to one node: what that serves no more is served by nobody. */
  readonly isAlone?: boolean;
  /** How many walks are tried, as a share of the usual number; for ledgers that take their time. */
  readonly share?: number;
  /** On which of several nodes a connection is, where the ledger stands for all of them. Default: all on one. */
  nodeOf?(connection: string): number;
  /** A new ledger that knows nothing. */
  make(surroundings: LedgerSurroundings): MaybePromise<Ledger>;
  /** Resolves once the facts and notices of all that was done have come out. */
  settled?(): Promise<void>;
  dispose?(ledger: Ledger): Promise<void>;
}
