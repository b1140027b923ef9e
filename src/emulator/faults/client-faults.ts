import type { Hub } from '../../connections/hub.ts';
import type { LocalApp } from '../../apps/local-app.ts';
import type { Session } from '../../apps/session.ts';
import type { ClosingError } from '../../protocol/errors.ts';

/**
 * Selects connections.
 *
 * @since 0.1.0
 */
export type ConnectionChoice =
  /** Every connection. */
  | 'all'
  /** The connection with this `socket_id`. */
  | { readonly socketId: string }
  /** Connections that are signed in as the user, or are a member of a presence channel as the user. */
  | { readonly userId: string }
  /** Connections that are subscribed to the channel. */
  | { readonly channel: string };

/**
 * Closes open connections now.
 *
 * @since 0.1.0
 */
export interface ConnectionDrop {
  /** The connections to close. */
  readonly drop: ConnectionChoice;
  /**
   * The close code, 4000 to 4299. Without one the connection is cut without a close frame, as by a broken network: clients see
   * 1006 and reconnect.
   */
  readonly code?: number | undefined;
  readonly refuse?: undefined;
  readonly times?: undefined;
}

/**
 * Refuses new connections.
 *
 * @since 0.1.0
 */
export interface ConnectionRefusal {
  /** The close code. After 4000 to 4099 clients do not reconnect, after 4100 to 4199 they wait first, after 4200 to 4299 they reconnect immediately. */
  readonly refuse: number;
  /** How many connections. Default: all, until the fault is cleared. */
  readonly times?: number | undefined;
  readonly drop?: undefined;
  readonly code?: undefined;
}

/**
 * Makes the HTTP API return an error without doing anything.
 *
 * @since 0.1.0
 */
export interface ApiFault {
  /** 400 to 599. */
  readonly status: number;
  /** Only requests whose path contains this text, such as `/events`. */
  readonly path?: string | undefined;
  /** The body of the response. */
  readonly body?: string | undefined;
  /** How many requests. Default: all, until the fault is cleared. */
  readonly times?: number | undefined;
}

/** Closes the chosen connections of an app immediately. Returns their number. */
export function dropConnections(
  app: LocalApp,
  { drop, code }: ConnectionDrop,
  hub: Pick<Hub, 'end'>,
): number {
  const chosen = [...app.sessions.values()].filter((session) => isChosen(session, drop));
  for (const session of chosen) {
    if (code === undefined) session.socket.cut();
    else hub.end(session, injected(code));
  }
  return chosen.length;
}

/** The error with which a fault closes a client. */
export function injected(code: number): ClosingError {
  return { code, reason: 'injected_fault', message: 'Injected fault' };
}

function isChosen(session: Session, choice: ConnectionChoice): boolean {
  if (choice === 'all') return true;
  if ('socketId' in choice) return session.socketId === choice.socketId;
  if ('channel' in choice) return session.subscriptions.has(choice.channel);
  const { userId } = choice;
  if (session.user?.userId === userId) return true;
  return [...session.subscriptions.values()].some((subscription) => subscription.userId === userId);
}
