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
import type { LocalApp } from './local-app.ts';
import type { Session } from './session.ts';

/** An app may occupy so many seconds' worth of new channels at once: its clients come back together. */
const appBurstSeconds = 10;

/** Why the connection may not come to one more channel; undefined when it may. */
export type RefuseChannel = (session: Session, channel: ChannelName, at: Millis) => ProtocolError | undefined;

/** Which bound of its app a channel would exceed. */
export type AppChannelRefusal = 'channel-limit' | 'channel-rate';

/**
 * Refuses by the bounds of the connection and of its app. Only a channel that has no subscriber on this node counts as new:
 * whoever comes to an occupied one causes no webhook and hardly any cost.
 */
export const refuseChannel: RefuseChannel = (session, channel, at) => {
  const { app } = session;
  const refusal = refuseManyChannels(session, channel);
  if (refusal !== undefined || app.registry.subscribers(channel) > 0) return refusal;
  // First of all, whether there is room: a channel that is refused does not count as new.
  if (ownBucket(session, at)?.has(at) === false && !isFull(app)) return ownRate(session, channel);
  const excess = refuseAppChannel(app, channel, at);
  if (excess !== undefined) return appChannelError(app, channel, excess);
  ownBucket(session, at)?.take(at);
  return undefined;
};

/** Refuses by the bounds of the connection alone; `isOccupied` says whether a channel has subscribers anywhere. */
export function refuseByConnection(
  isOccupied: (app: LocalApp, channel: ChannelName) => boolean,
): RefuseChannel {
  return (session, channel, at) => {
    const refusal = refuseManyChannels(session, channel);
    if (refusal !== undefined || isOccupied(session.app, channel)) return refusal;
    return ownBucket(session, at)?.take(at) === false ? ownRate(session, channel) : undefined;
  };
}

/** Which bound of the app one more channel exceeds; undefined: none, or it has subscribers already. */
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

/** What the client is told of it. */
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

/** A client that comes back has all its channels at once, and may change some of them. */
function ownBucket(session: Session, at: Millis): TokenBucket | undefined {
  const { channelsPerConnection, newChannelsPerSecond: own } = session.app.config.limits;
  return bucketOf(session, own, channelsPerConnection + own, at);
}

function ownRate({ app }: Session, channel: ChannelName): ProtocolError {
  return channelRate(channel, app.config.limits.newChannelsPerSecond);
}

/** The protocol's own channel of the user does not count: clients subscribe to it by themselves. */
function channelsOf({ subscriptions, user }: Session): number {
  const hasOwn = user !== undefined && subscriptions.has(serverToUserChannel(user.userId));
  return hasOwn ? subscriptions.size - 1 : subscriptions.size;
}

/** Undefined: there is no bound. */
function bucketOf(
  whose: { newChannels: TokenBucket | undefined },
  perSecond: number,
  burst: number,
  at: Millis,
): TokenBucket | undefined {
  if (perSecond === Infinity) return undefined;
  const known = whose.newChannels;
  // The limits may have been changed since.
  const isStale = known?.perSecond !== perSecond || known.burst !== burst;
  const bucket = isStale ? new TokenBucket(perSecond, burst, at) : known;
  whose.newChannels = bucket;
  return bucket;
}
