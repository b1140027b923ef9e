import type { Notice } from '../../../src/ports/attendance.ts';
import type { Clock, Millis } from '../../../src/ports/clock.ts';
import type { Ledger } from '../../../src/ports/ledger.ts';
import type { MaybePromise } from '../../../src/ports/maybe-promise.ts';
import type { UserState } from '../../../src/ports/online-users.ts';
import type { Outbox } from '../../../src/ports/outbox.ts';
import type { ChannelName } from '../../../src/protocol/channel-name.ts';

/** The settings of every ledger, whatever its store. */
export interface LedgerSurroundings {
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly notify: (appId: string, channel: ChannelName, notice: Notice) => void;
  readonly notifyWatchers: (appId: string, userId: string, state: UserState) => void;
  readonly wake: (dueAt: Millis) => void;
  readonly countSubscribers: (appId: string, channel: ChannelName) => number;
  readonly cacheTtlMs: Millis;
}

/** How the suite creates a ledger of one kind. */
export interface LedgerHarness {
  /** Whether the ledger belongs to one node only, so that no other node serves its connections. */
  readonly isAlone?: boolean;
  /** How many sequences are tried, as a fraction of the usual number. For slow ledgers. */
  readonly share?: number;
  /** The node of a connection, if the ledger represents several nodes. Default: all on one. */
  nodeOf?(connection: string): number;
  /** Creates an empty ledger. */
  make(surroundings: LedgerSurroundings): MaybePromise<Ledger>;
  /** Resolves once the facts and notices of all previous steps have been emitted. */
  settled?(): Promise<void>;
  dispose?(ledger: Ledger): Promise<void>;
}
