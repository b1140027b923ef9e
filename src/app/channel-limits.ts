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
import type { Session } from './session.ts';

/** An app may occupy so many seconds' worth of new channels at once: its clients come back together. */
const appBurstSeconds = 10;

/**
 * Why the connection may not come to one more channel; undefined when it may. Only a channel that has no subscriber on
 * this node counts as new: whoever comes to an occupied one causes no webhook and hardly any cost.
 */
export function refuseChannel(session: Session, channel: ChannelName, at: Millis): ProtocolError | undefined {
  const { app } = session;
  const { limits } = app.config;
  if (channelsOf(session) >= limits.channelsPerConnection) {
    return channelLimit(channel, limits.channelsPerConnection);
  }
  if (app.registry.subscribers(channel) > 0) return undefined;
  if (app.registry.occupiedChannels >= limits.channels) return appChannelLimit(channel, limits.channels);
  const own = limits.newChannelsPerSecond;
  const all = limits.appNewChannelsPerSecond;
  // A client that comes back has all its channels at once, and may change some of them.
  const ownBucket = bucketOf(session, own, limits.channelsPerConnection + own, at);
  const appBucket = bucketOf(app, all, appBurstSeconds * all, at);
  if (ownBucket?.has(at) === false) return channelRate(channel, own);
  if (appBucket?.take(at) === false) return appChannelRate(channel, all);
  ownBucket?.take(at);
  return undefined;
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
