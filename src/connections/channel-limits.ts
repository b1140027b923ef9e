import type { Millis } from '../ports/clock.ts';
import { serverToUserChannel, type ChannelName } from '../protocol/channel-name.ts';
import {
  appChannelLimit,
  appChannelRate,
  channelLimit,
  channelRate,
  type ProtocolError,
} from '../protocol/errors.ts';
import { TokenBucket } from '../protocol/token-bucket.ts';
import type { LocalApp } from '../apps/local-app.ts';
import type { Session } from '../apps/session.ts';

/** How many seconds' worth of new channels an app may occupy in a burst, because its clients reconnect together. */
const appBurstSeconds = 10;

/** Why the connection may not subscribe to another channel; undefined when it may. */
export type RefuseChannel = (session: Session, channel: ChannelName, at: Millis) => ProtocolError | undefined;

/** The limit of the app that a channel would exceed. */
export type AppChannelRefusal = 'channel-limit' | 'channel-rate';

/**
 * Checks the limits of the connection and of its app. Only a channel without a subscriber on this node counts as new, because
 * subscribing to an occupied one causes no webhook and hardly any cost.
 */
export const refuseChannel: RefuseChannel = (session, channel, at) => {
  const { app } = session;
  const refusal = refuseManyChannels(session, channel);
  if (refusal !== undefined || app.registry.subscribers(channel) > 0) return refusal;
  // Checked first, because a channel that is refused for lack of room does not count as new.
  if (ownBucket(session, at)?.has(at) === false && !isFull(app)) return ownRate(session, channel);
  const excess = refuseAppChannel(app, channel, at);
  if (excess !== undefined) return appChannelError(app, channel, excess);
  ownBucket(session, at)?.take(at);
  return undefined;
};

/** Checks only the limits of the connection. `isOccupied` returns whether a channel has subscribers anywhere. */
export function refuseByConnection(
  isOccupied: (app: LocalApp, channel: ChannelName) => boolean,
): RefuseChannel {
  return (session, channel, at) => {
    const refusal = refuseManyChannels(session, channel);
    if (refusal !== undefined || isOccupied(session.app, channel)) return refusal;
    return ownBucket(session, at)?.take(at) === false ? ownRate(session, channel) : undefined;
  };
}

/** The limit of the app that another channel exceeds; undefined if none, or if the channel has subscribers already. */
export function refuseAppChannel(
  app: LocalApp,
  channel: ChannelName,
  at: Millis,
): AppChannelRefusal | undefined {
  if (app.registry.subscribers(channel) > 0) return undefined;
  if (isFull(app)) return 'channel-limit';
  const all = app.config.limits.appNewChannelsPerSecond;
  return bucketOf(app, all, appBurstSeconds * all, at)?.take(at) === false ? 'channel-rate' : undefined;
}

/** The error for the client. */
export function appChannelError(
  { config: { limits } }: LocalApp,
  channel: ChannelName,
  refusal: AppChannelRefusal,
): ProtocolError {
  return refusal === 'channel-limit'
    ? appChannelLimit(channel, limits.channels)
    : appChannelRate(channel, limits.appNewChannelsPerSecond);
}

function isFull({ registry, config }: LocalApp): boolean {
  return registry.occupiedChannels >= config.limits.channels;
}

function refuseManyChannels(session: Session, channel: ChannelName): ProtocolError | undefined {
  const { channelsPerConnection } = session.app.config.limits;
  return channelsOf(session) >= channelsPerConnection
    ? channelLimit(channel, channelsPerConnection)
    : undefined;
}

/** A client that reconnects subscribes to all its channels together, and may change some of them. */
function ownBucket(session: Session, at: Millis): TokenBucket | undefined {
  const { channelsPerConnection, newChannelsPerSecond: own } = session.app.config.limits;
  return bucketOf(session, own, channelsPerConnection + own, at);
}

function ownRate({ app }: Session, channel: ChannelName): ProtocolError {
  return channelRate(channel, app.config.limits.newChannelsPerSecond);
}

/** The user's own server-to-user channel does not count, because clients subscribe to it automatically. */
function channelsOf({ subscriptions, user }: Session): number {
  const hasOwn = user !== undefined && subscriptions.has(serverToUserChannel(user.userId));
  return hasOwn ? subscriptions.size - 1 : subscriptions.size;
}

/** Undefined if there is no limit. */
function bucketOf(
  whose: { newChannels: TokenBucket | undefined },
  perSecond: number,
  burst: number,
  at: Millis,
): TokenBucket | undefined {
  if (perSecond === Infinity) return undefined;
  const known = whose.newChannels;
  // The limits may have changed since.
  const isStale = known?.perSecond !== perSecond || known.burst !== burst;
  const bucket = isStale ? new TokenBucket(perSecond, burst, at) : known;
  whose.newChannels = bucket;
  return bucket;
}
