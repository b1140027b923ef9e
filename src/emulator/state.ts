import type { LocalApp } from '../apps/local-app.ts';
import type { ChannelQueries } from '../ports/channel-queries.ts';
import { isUnavailable, type Unavailable } from '../ports/unavailable.ts';
import type { WitnessedTrigger } from '../ports/witness.ts';
import { channelKind, serverToUserChannel } from '../protocol/channel-name.ts';
import type { PublishReceiver } from './published/published-event.ts';

/**
 * An occupied channel, in its current state.
 *
 * @since 0.1.0
 */
export interface ChannelInfo {
  /** Its name. */
  readonly name: string;
  /** The number of connections that are subscribed to it. */
  readonly subscriptionCount: number;
  /** Presence channels: the members. */
  readonly userIds?: readonly string[];
  /** Cache channels: the data of the cached event. Absent if there is none. */
  readonly cached?: string;
}

/**
 * An open connection.
 *
 * @since 0.1.0
 */
export interface ConnectionInfo {
  /** The `socket_id` of the connection. */
  readonly socketId: string;
  /** The user id of a signed-in client. */
  readonly userId?: string;
  /** The channels that the connection is subscribed to; for presence channels with the member. */
  readonly channels: readonly { readonly name: string; readonly userId?: string }[];
}

/** The occupied channels of an app, by name. */
export async function describeChannels(
  app: LocalApp,
  ledger: ChannelQueries,
): Promise<readonly ChannelInfo[]> {
  const appId = app.config.id;
  const names = known(await ledger.occupiedChannels(appId, ''));
  return Promise.all(
    names.toSorted().map(async (name) => {
      const { subscriptionCount, userIds, cache } = known(await ledger.channel(appId, name));
      return {
        name,
        subscriptionCount,
        ...(channelKind(name).access === 'presence' && { userIds }),
        ...(cache && { cached: cache.data }),
      };
    }),
  );
}

/** A controlled server is a single node, so its ledger is complete. */
function known<T>(answer: T | Unavailable): T {
  if (isUnavailable(answer)) throw new Error('the state of the app is not known');
  return answer;
}

/** The connections that receive an event published on these channels now, except one, in the order in which they connected. */
export function receiversOf(
  app: LocalApp,
  { channels, except }: Pick<WitnessedTrigger, 'channels' | 'except'>,
): readonly PublishReceiver[] {
  return [...app.sessions.values()].flatMap(({ socketId, user, subscriptions }) => {
    if (socketId === except) return [];
    const own = user && serverToUserChannel(user.userId);
    // A signed-in client receives its own user channel without a subscription.
    const received = channels.filter((channel) => channel === own || subscriptions.has(channel));
    if (received.length === 0) return [];
    const userId =
      user?.userId ?? received.map((channel) => subscriptions.get(channel)?.userId).find(Boolean);
    return [{ socketId, ...(userId !== undefined && { userId }), channels: received }];
  });
}

/** The open connections of an app, in the order in which they connected. */
export function describeConnections(app: LocalApp): readonly ConnectionInfo[] {
  return [...app.sessions.values()].map(({ socketId, user, subscriptions }) => ({
    socketId,
    ...(user && { userId: user.userId }),
    channels: [...subscriptions.values()].map(({ channel, userId }) => ({
      name: channel.name,
      ...(userId !== undefined && { userId }),
    })),
  }));
}
