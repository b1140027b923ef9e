import type { Hub } from '../../connections/hub.ts';
import type { LocalApp } from '../../apps/local-app.ts';
import type { Session } from '../../apps/session.ts';
import type { ClosingError } from '../../protocol/errors.ts';

/**
 * Which connections.
 *
 * @since 0.1.0
 */
export type ConnectionChoice =
  /** Every connection. */
  | 'all'
  /** The one with this `socket_id`. */
  | { readonly socketId: string }
  /** Those that are signed in as the user, or are a member of a presence channel as the user. */
  | { readonly userId: string }
  /** Those that are subscribed to the channel. */
  | { readonly channel: string };

/**
 * Ends connections now.
 *
 * @since 0.1.0
 */
export interface ConnectionDrop {
  /** Which connections. */
  readonly drop: ConnectionChoice;
  /**
   * The code that clients are closed with, 4000 to 4299. Without one the connection is cut without a word, as by a
   * broken network: clients see 1006 and come back.
   */
  readonly code?: number;
  readonly refuse?: undefined;
  readonly times?: undefined;
}

/**
 * Refuses connections that come.
 *
 * @since 0.1.0
 */
export interface ConnectionRefusal {
  /** The code that they are closed with: 4000 to 4099 do not come back, 4100 to 4199 after a while, 4200 to 4299 at once. */
  readonly refuse: number;
  /** How many; the default is all, until the fault is cleared. */
  readonly times?: number;
  readonly drop?: undefined;
  readonly code?: undefined;
}

/**
 * What the HTTP API answers instead of doing anything.
 *
 * @since 0.1.0
 */
export interface ApiFault {
  /** 400 to 599. */
  readonly status: number;
  /** Only requests whose path holds this, such as `/events`. */
  readonly path?: string;
  /** The text of the answer. */
  readonly body?: string;
  /** How many; the default is all, until the fault is cleared. */
  readonly times?: number;
}

/** Ends those connections of an app that are meant, at once. Returns how many there were. */
export function dropConnections(
  app: LocalApp,
  { drop, code }: ConnectionDrop,
  hub: Pick<Hub, 'end'>,
): number {
  const meant = [...app.sessions.values()].filter((session) => isMeant(session, drop));
  for (const session of meant) {
    if (code === undefined) session.socket.cut();
    else hub.end(session, injected(code));
  }
  return meant.length;
}

/** What a client is told that a fault sends away. */
export function injected(code: number): ClosingError {
  return { code, reason: 'injected_fault', message: 'Injected fault' };
}

function isMeant(session: Session, choice: ConnectionChoice): boolean {
  if (choice === 'all') return true;
  if ('socketId' in choice) return session.socketId === choice.socketId;
  if ('channel' in choice) return session.subscriptions.has(choice.channel);
  const { userId } = choice;
  if (session.user?.userId === userId) return true;
  return [...session.subscriptions.values()].some((subscription) => subscription.userId === userId);
}
