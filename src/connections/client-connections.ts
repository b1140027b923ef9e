import type { MaybePromise } from '../ports/maybe-promise.ts';
import { whenReady } from '../ports/maybe-promise.ts';
import type { HeldReading } from '../ports/metrics.ts';
import { terminated } from '../protocol/errors.ts';
import { isSocketId } from '../protocol/socket-id.ts';
import type { ConnectionView } from '../views/channels.ts';
import { relayForClient, type ClientEventOptions } from './client-events.ts';
import type { Hub } from './hub.ts';
import type { LocalApps } from '../apps/local-app.ts';
import type { Session } from '../apps/session.ts';

/** Some connections, and their total number. */
export interface ConnectionList {
  readonly connections: readonly ConnectionView[];
  readonly total: number;
}

/** A client event that is sent on behalf of a client. */
export interface ClientEventToSend {
  readonly channel: string;
  readonly event: string;
  readonly data: string;
}

/** What operators can see of the connections to this node, and do with them. */
export interface ClientConnections {
  /** The number of connections of an app, which may be slightly out of date. */
  count(appId: string): number;
  /** The channels and members of an app that they hold, which may be slightly out of date. */
  held(appId: string): HeldReading;
  /** At most `limit` connections of an app, or of the subscribers of a channel. */
  list(appId: string, channel: string | undefined, limit: number): MaybePromise<ConnectionList>;
  /** Closes a connection with 4009. Returns whether it was open. */
  close(appId: string, socketId: string): MaybePromise<boolean>;
  /** Closes the connections that are this user on some presence channel. */
  closeMembers(appId: string, userId: string): MaybePromise<void>;
  /** Sends an event as if the client had sent it. Returns why it was refused, or `unknown` if the connection is not open. */
  sendAs(
    appId: string,
    socketId: string,
    event: ClientEventToSend,
  ): MaybePromise<{ readonly refusal: string } | 'unknown' | undefined>;
}

/** The connections to this thread. */
export function createOwnConnections(
  apps: LocalApps,
  hub: Pick<Hub, 'end'>,
  clientEvents: ClientEventOptions,
): ClientConnections {
  const sessionsOf = (appId: string): ReadonlyMap<string, Session> =>
    apps.byId(appId)?.sessions ?? new Map<string, Session>();
  const find = (appId: string, socketId: string): Session | undefined =>
    isSocketId(socketId) ? sessionsOf(appId).get(socketId) : undefined;
  return {
    count: (appId) => sessionsOf(appId).size,
    held: (appId) => heldBy(apps, appId),
    list(appId, channel, limit) {
      const all = [...sessionsOf(appId).values()];
      const listed =
        channel === undefined ? all : all.filter(({ subscriptions }) => subscriptions.has(channel));
      return { connections: listed.slice(0, limit).map(describeConnection), total: listed.length };
    },
    close(appId, socketId) {
      const session = find(appId, socketId);
      if (session !== undefined) hub.end(session, terminated);
      return session !== undefined;
    },
    closeMembers(appId, userId) {
      for (const session of sessionsOf(appId).values()) {
        const isMember = [...session.subscriptions.values()].some((one) => one.userId === userId);
        if (isMember) hub.end(session, terminated);
      }
    },
    sendAs(appId, socketId, event) {
      const session = find(appId, socketId);
      if (session === undefined) return 'unknown';
      const answer = relayForClient(session, { kind: 'client-event', ...event }, clientEvents);
      return whenReady(answer, (refusal) => refusal && { refusal: refusal.message });
    },
  };
}

/** What the registry of an app on this thread has. */
export function heldBy(apps: LocalApps, appId: string): HeldReading {
  const { occupiedChannels = 0, members = 0 } = apps.byId(appId)?.registry ?? {};
  return { occupiedChannels, members };
}

function describeConnection({ socketId, user, subscriptions }: Session): ConnectionView {
  return {
    socketId,
    ...(user && { userId: user.userId }),
    channels: [...subscriptions.values()].map(({ channel, userId }) => ({
      name: channel.name,
      ...(userId !== undefined && { userId }),
    })),
  };
}
