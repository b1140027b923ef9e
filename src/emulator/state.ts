import type { LocalApp } from '../apps/local-app.ts';
import type { ChannelQueries } from '../ports/channel-queries.ts';
import { isUnavailable, type Unavailable } from '../ports/unavailable.ts';
import type { WitnessedTrigger } from '../ports/witness.ts';
import { channelKind, serverToUserChannel } from '../protocol/channel-name.ts';
import type { PublishReceiver } from './published/published-event.ts';

/**
 * An occupied channel, as it is at this moment.
 *
 * @since 0.1.0
 */
export interface ChannelInfo {
  /** Its name. */
  readonly name: string;
  /** The number of connections that are subscribed to it. */
  readonly subscriptionCount: number;
  /** Presence channels: who is present. */
  readonly userIds?: readonly string[];
  /** Cache channels: the data of the cached event; absent when there is none. */
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
  /** Who is signed in. */
  readonly userId?: string;
  /** The channels that it is subscribed to, and as whom on presence channels. */
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

/** A server that is controlled is alone, and so knows everything. */
function known<T>(answer: T | Unavailable): T {
  if (isUnavailable(answer)) throw new Error('what is true of the app is not known');
  return answer;
}

/** The connections that are sent what is published on these channels now, one left out, in the order in which they came. */
export function receiversOf(
  app: LocalApp,
  { channels, except }: Pick<WitnessedTrigger, 'channels' | 'except'>,
): readonly PublishReceiver[] {
  return [...app.sessions.values()].flatMap(({ socketId, user, subscriptions }) => {
    if (socketId === except) return [];
    const own = user && serverToUserChannel(user.userId);
    // Whoever is signed in hears its own channel without a subscription.
    const heard = channels.filter((channel) => channel === own || subscriptions.has(channel));
    if (heard.length === 0) return [];
    const userId = user?.userId ?? heard.map((channel) => subscriptions.get(channel)?.userId).find(Boolean);
    return [{ socketId, ...(userId !== undefined && { userId }), channels: heard }];
  });
}

/** The open connections of an app, in the order in which they came. */
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
