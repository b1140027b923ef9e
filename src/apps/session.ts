import type { Subscription } from '../channels/registry.ts';
import type { Millis } from '../ports/clock.ts';
import type { Socket } from '../ports/socket.ts';
import type { SocketId } from '../protocol/socket-id.ts';
import { FrameBudget } from '../protocol/frame-budget.ts';
import type { RateWindow } from '../protocol/rate-window.ts';
import type { TokenBucket } from '../protocol/token-bucket.ts';
import type { UserData } from '../protocol/user-data.ts';
import type { AddressUse } from './admissions.ts';
import type { JoinsUnderWay } from './joins.ts';
import type { LocalApp } from './local-app.ts';
import type { PendingCommands } from './pending-commands.ts';

/** One connection of one client. */
export class Session {
  readonly app: LocalApp;
  readonly socketId: SocketId;
  readonly socket: Socket;
  /** By channel name. */
  readonly subscriptions = new Map<string, Subscription>();
  /** The signed-in user, if there is one. */
  user: UserData | undefined;
  signedInAt: Millis = -Infinity;
  /** The users whose online status the connection watches. */
  watched: readonly string[] = [];
  isOpen = true;
  /** Its place among the connections of its address, if those are counted. */
  addressUse: AddressUse | undefined;
  /**
   * Its address, if it has taken a place among the connections that are also counted elsewhere. Empty if it was counted there
   * only after it was opened.
   */
  slotAddress: string | undefined;
  /** Whether it counts among the connections of its app. Before that, the client is sent nothing. */
  isAdmitted = false;
  /** When it was opened, by the clock for signs of life. */
  readonly openedAt: Millis;
  /** When the client last gave a sign of life. */
  lastHeardAt: Millis;
  /** When it was pinged, if it has not answered since. */
  pingedAt: Millis | undefined;
  /** The group of connections in whose liveness check it is next; see `watchLiveness`. */
  round: Set<Session> | undefined;
  /** How much it may still send. */
  readonly budget: FrameBudget;
  /** Created with the first client event. */
  clientEvents: RateWindow | undefined;
  /** Created with the first channel that had no subscriber. */
  newChannels: TokenBucket | undefined;
  /** Joins that are not answered yet; undefined while there are none. */
  joins: JoinsUnderWay | undefined;
  /** Commands whose turn has not come, and those behind them; undefined while there are none. */
  pending: PendingCommands | undefined;

  constructor(app: LocalApp, socketId: SocketId, socket: Socket, at: Millis) {
    this.app = app;
    this.socketId = socketId;
    this.socket = socket;
    this.openedAt = at;
    this.lastHeardAt = at;
    this.budget = new FrameBudget(app.frameRates, at);
  }
}
