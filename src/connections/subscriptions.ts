import { refuseSubscription } from '../auth/channel-auth.ts';
import { keyOfToken } from '../auth/token.ts';
import type { LocalLeave, Subscription } from '../channels/registry.ts';
import type { Attendance, JoinAnswer, Member } from '../ports/attendance.ts';
import type { Clock, Millis } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { whenReady, type MaybePromise } from '../ports/maybe-promise.ts';
import type { Refusals } from '../ports/refusals.ts';
import { noWitness, type Leaving, type Witness } from '../ports/witness.ts';
import { channelDataNotText, parseChannelData } from '../protocol/channel-data.ts';
import {
  channelKind,
  describeChannelNameFault,
  isChannelName,
  isInternal,
  serverToUserChannel,
  type ChannelName,
} from '../protocol/channel-name.ts';
import type { Command } from '../protocol/decode.ts';
import {
  encodeCacheMiss,
  encodeError,
  encodePresence,
  encodeSubscriptionError,
  encodeSubscriptionSucceeded,
  eventEncoder,
} from '../protocol/encode.ts';
import {
  alreadySubscribed,
  invalidChannel,
  memberLimit,
  noMember,
  notSignedInAs,
  type ProtocolError,
} from '../protocol/errors.ts';
import type { Slices } from '../structures/slices.ts';
import { appChannelError, refuseChannel, type RefuseChannel } from './channel-limits.ts';
import { describeRefusal } from './refusal-log.ts';
import type { Session } from '../apps/session.ts';
import type { SubscriptionCounts } from './subscription-counts.ts';

/** What joining and leaving needs. */
export interface SubscriptionOptions extends Refusals {
  readonly clock: Clock;
  readonly ledger: Pick<Attendance, 'join' | 'leave'>;
  readonly counts: Pick<SubscriptionCounts, 'changed'>;
  readonly log: Log;
  readonly witness?: Witness;
  /** Runs the leaves of connections that have ended, one step for each channel. */
  readonly slices: Slices;
  /** The limits that are checked here. Default: those of the connection and of its app. */
  readonly refuseChannel?: RefuseChannel;
  /** How long webhooks wait for a return after each kind of leave. */
  readonly grace: {
    readonly disconnectMs: Millis;
    readonly unsubscribeMs: Millis;
    /** For clients that are disconnected because the node shuts down. */
    readonly shutdownMs: Millis;
  };
}

/** The channel that a client cannot subscribe to, and why. */
type Refusal = [channel: string, type: 'AuthError' | 'LimitReached' | 'InvalidChannel', error: ProtocolError];
type Joined = Extract<JoinAnswer, { kind: 'joined' }>;
type SubscribeCommand = Extract<Command, { kind: 'subscribe' }>;

/** Joins and leaves channels: turns commands of clients into calls of the registry and the ledger. */
export class Subscriptions {
  readonly #options: SubscriptionOptions;
  readonly #witness: Witness;
  #disconnectMs: Millis;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#witness = options.witness ?? noWitness;
    this.#disconnectMs = options.grace.disconnectMs;
  }

  /** The node shuts down: clients that are disconnected from now on may reconnect to another node. */
  close(): void {
    this.#disconnectMs = this.#options.grace.shutdownMs;
  }

  /**
   * Subscribes the client, or sends it an error. Pending while the answer depends on the ledger. `in-turn`: nothing was done,
   * because the client would be answered immediately while earlier joins are not answered yet.
   */
  subscribe(session: Session, command: SubscribeCommand): MaybePromise<void> | 'in-turn' {
    const { limits } = session.app.config;
    const { channel } = command;
    if (!isChannelName(channel, limits)) {
      const message = describeChannelNameFault(channel, limits);
      const name = typeof channel === 'string' ? channel.slice(0, 200) : '';
      return this.#refuse(session, name, 'InvalidChannel', invalidChannel(message));
    }
    if (session.subscriptions.has(channel)) {
      if (session.joins !== undefined) return 'in-turn';
      const error = alreadySubscribed(channel);
      this.#options.refused(describeRefusal(session, 'subscription', error, { channel }));
      session.socket.send(encodeError(error));
      return;
    }
    const refusal = authorize(session, channel, command);
    if (refusal !== undefined) return this.#refuse(session, channel, 'AuthError', refusal);
    if (command.auth !== undefined) this.#witness.keyUsed(session.app.config.id, keyOfToken(command.auth));
    const isPresence = channelKind(channel).access === 'presence';
    const member = isPresence ? memberOf(session, command.channelData) : undefined;
    if (member !== undefined && 'error' in member) {
      return this.#refuse(session, channel, 'AuthError', member.error);
    }
    // Checked last, because a command that is refused for another reason does not count.
    const { clock, refuseChannel: refuse = refuseChannel } = this.#options;
    const excess = isInternal(channel) ? undefined : refuse(session, channel, clock.now());
    if (excess !== undefined) return this.#refuse(session, channel, 'LimitReached', excess);
    if (isInternal(channel) && session.joins !== undefined) return 'in-turn';
    return this.#join(session, channel, member);
  }

  /** Ends a subscription. Does nothing if there is none. */
  unsubscribe(session: Session, channel: unknown): void {
    const subscription = typeof channel === 'string' ? session.subscriptions.get(channel) : undefined;
    if (subscription === undefined) return;
    const { name } = subscription.channel;
    session.subscriptions.delete(name);
    session.socket.unsubscribe(session.app.topic(name));
    const { clock, grace } = this.#options;
    const left = session.app.registry.leave(subscription, clock.now(), grace.unsubscribeMs);
    this.#witnessLeave(session, subscription, 'unsubscribed');
    this.#log(session, subscription, 'unsubscribed');
    this.#report(session, subscription, left);
  }

  /**
   * Ends all subscriptions of a connection that has closed for any reason: immediately, unless there are too many for one turn of
   * the event loop. A subscription that has to wait counts as if its close had been noticed later, but it does not linger longer.
   */
  disconnect(session: Session): void {
    const { subscriptions } = session;
    if (subscriptions.size === 0) return;
    const { slices, clock } = this.#options;
    const until = clock.now() + this.#disconnectMs;
    if (slices.take(subscriptions.size)) {
      for (const subscription of subscriptions.values()) this.#depart(session, subscription, until);
    } else {
      slices.add(this.#departing(session, [...subscriptions.values()], until));
    }
    subscriptions.clear();
  }

  *#departing(
    session: Session,
    subscriptions: readonly Subscription[],
    until: Millis,
  ): Generator<void, void> {
    for (const subscription of subscriptions) {
      this.#depart(session, subscription, until);
      yield;
    }
  }

  #depart(session: Session, subscription: Subscription, until: Millis): void {
    const at = this.#options.clock.now();
    const left = session.app.registry.leave(subscription, at, Math.max(0, until - at));
    this.#witnessLeave(session, subscription, 'disconnected');
    this.#report(session, subscription, left);
  }

  #witnessLeave(session: Session, subscription: Subscription, how: Leaving): void {
    if (!isInternal(subscription.channel.name)) this.#witness.left(session, subscription, how);
  }

  #join(session: Session, channel: ChannelName, member?: Member): MaybePromise<void> {
    const { app } = session;
    const { isCache } = channelKind(channel);
    const subscription = app.registry.join(channel, member?.userId);
    session.subscriptions.set(channel, subscription);
    if (isInternal(channel)) return this.#welcome(session, channel);
    this.#witness.joined(session, channel, member?.userId);
    const answer = this.#options.ledger.join({
      appId: app.config.id,
      channel,
      ...(member && { member }),
      memberLimit: app.config.limits.presenceMembers,
      readsCache: isCache,
      wantsCacheMiss: isCache && app.wantsWebhook('cache_miss', channel),
      source: session.socketId,
      ...(session.joins && { after: session.joins.last }),
    });
    return whenReady(answer, (settled) => this.#settle(session, channel, settled));
  }

  #settle(session: Session, channel: ChannelName, answer: JoinAnswer): void {
    const subscription = session.subscriptions.get(channel);
    // The connection closed meanwhile, and its leave has been reported.
    if (subscription === undefined) return;
    if (answer.kind !== 'joined') {
      session.subscriptions.delete(channel);
      // While pending, it was counted here, so another leave may not have appeared to be the last.
      const left = session.app.registry.leave(subscription, this.#options.clock.now(), 0);
      this.#witnessLeave(session, subscription, 'refused');
      this.#report(session, subscription, left);
      const { app } = session;
      const error =
        answer.kind === 'member-limit'
          ? memberLimit(channel, app.config.limits.presenceMembers)
          : appChannelError(app, channel, answer.kind);
      return this.#sendRefusal(session, channel, 'LimitReached', error);
    }
    this.#welcome(session, channel, answer);
    this.#log(session, subscription, 'subscribed');
  }

  #welcome(session: Session, channel: ChannelName, answer?: Joined): void {
    const { app, socket } = session;
    const members = answer?.members;
    socket.subscribe(app.topic(channel));
    socket.send(
      members === undefined ? encodeSubscriptionSucceeded(channel) : encodePresence(channel, members),
    );
    if (answer !== undefined && channelKind(channel).isCache) {
      const { cached } = answer;
      if (cached === undefined) this.#witnessUnselectedMiss(session, channel);
      socket.send(
        cached === undefined ? encodeCacheMiss(channel) : eventEncoder(cached.name, cached.data)(channel),
      );
    }
    this.#options.counts.changed(app, channel);
  }

  /** Refuses when it is the command's turn, because earlier answers may change the decision. */
  #refuse(session: Session, ...refusal: Refusal): 'in-turn' | undefined {
    if (session.joins !== undefined) return 'in-turn';
    this.#sendRefusal(session, ...refusal);
  }

  /** Sends the error to the listeners of the channel and to those of the connection. The connection stays open. */
  #sendRefusal(session: Session, ...[channel, type, error]: Refusal): void {
    this.#options.refused(describeRefusal(session, 'subscription', error, { channel }));
    session.socket.send(encodeSubscriptionError(channel, type, error));
    session.socket.send(encodeError(error));
  }

  #log(
    { app, socketId }: Session,
    { channel, userId }: Subscription,
    what: 'subscribed' | 'unsubscribed',
  ): void {
    const { log } = this.#options;
    if (log.isDebug) log.debug({ appId: app.config.id, socketId, channel: channel.name, userId }, what);
  }

  /** The ledger does not record a miss that no endpoint selects. */
  #witnessUnselectedMiss({ app }: Session, channel: ChannelName): void {
    if (app.wantsWebhook('cache_miss', channel)) return;
    this.#witness.unwanted(app.config.id, { name: 'cache_miss', channel, episode: '' });
  }

  #report(session: Session, { channel, userId }: Subscription, left: LocalLeave): void {
    if (isInternal(channel.name)) return;
    this.#options.counts.changed(session.app, channel.name);
    const { channelLingersMs, memberLingersMs } = left;
    if (channelLingersMs === undefined && memberLingersMs === undefined) return;
    void this.#options.ledger.leave({
      appId: session.app.config.id,
      channel: channel.name,
      source: session.socketId,
      ...(channelLingersMs !== undefined && { channelLingersMs }),
      ...(userId !== undefined &&
        memberLingersMs !== undefined && { member: { userId, lingersMs: memberLingersMs } }),
    });
  }
}

function authorize(
  session: Session,
  channel: ChannelName,
  { auth, channelData }: SubscribeCommand,
): ProtocolError | undefined {
  switch (channelKind(channel).access) {
    case 'public':
      return undefined;
    case 'user': {
      const own = session.user && serverToUserChannel(session.user.userId);
      return channel === own ? undefined : notSignedInAs(channel);
    }
    case 'private':
    case 'presence':
      if (channelData !== undefined && typeof channelData !== 'string')
        return channelDataNotText(channelData);
      return refuseSubscription(session.app.config, {
        socketId: session.socketId,
        channel,
        auth,
        channelData,
      });
  }
}

/** The member of a presence channel: the one in the channel data or else the signed-in user. */
function memberOf({ user, app }: Session, channelData: unknown): Member | { readonly error: ProtocolError } {
  if (typeof channelData === 'string') return parseChannelData(channelData, app.config.limits);
  if (user === undefined) return { error: noMember };
  return { userId: user.userId, infoJson: user.infoJson };
}
