import type { LocalApp } from '../app/local-app.ts';
import type { ChannelQueries } from '../ports/channel-queries.ts';
import { isUnavailable, type Unavailable } from '../ports/unavailable.ts';
import { channelKind } from '../protocol/channel-name.ts';

/** An occupied channel, as it is at this moment. */
export interface ChannelInfo {
  readonly name: string;
  readonly subscriptionCount: number;
  /** Presence channels: who is present. */
  readonly userIds?: readonly string[];
  /** Cache channels: the data of the cached event; absent when there is none. */
  readonly cached?: string;
}

/** An open connection. */
export interface ConnectionInfo {
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
