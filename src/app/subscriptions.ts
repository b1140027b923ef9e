import { refuseSubscription } from '../auth/channel-auth.ts';
import { keyOf } from '../auth/token.ts';
import type { LocalLeave, Subscription } from '../channels/registry.ts';
import type { Attendance, JoinAnswer, Member } from '../ports/attendance.ts';
import type { Clock, Millis } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { whenReady, type MaybePromise } from '../ports/maybe-promise.ts';
import type { Refusals } from '../ports/refusals.ts';
import { noWitness, type Leaving, type Witness } from '../ports/witness.ts';
import { parseChannelData } from '../protocol/channel-data.ts';
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
import type { Session } from './session.ts';
import type { SubscriptionCounts } from './subscription-counts.ts';

/** What joining and leaving needs. */
export interface SubscriptionOptions extends Refusals {
  readonly clock: Clock;
  readonly ledger: Pick<Attendance, 'join' | 'leave'>;
  readonly counts: Pick<SubscriptionCounts, 'changed'>;
  readonly log: Log;
  readonly witness?: Witness;
  /** Has connections that end leave their channels, each channel a step. */
  readonly slices: Slices;
  /** Which bounds are kept here. Default: those of the connection and of its app. */
  readonly refuseChannel?: RefuseChannel;
  /** How long webhooks wait for a return after each kind of leave. */
  readonly grace: {
    readonly disconnectMs: Millis;
    readonly unsubscribeMs: Millis;
    /** For those who are sent away because the node ends. */
    readonly shutdownMs: Millis;
  };
}

/** Which channel a client does not get, and why. */
type Refusal = [channel: string, type: 'AuthError' | 'LimitReached' | 'InvalidChannel', error: ProtocolError];
type Joined = Extract<JoinAnswer, { kind: 'joined' }>;
type SubscribeCommand = Extract<Command, { kind: 'subscribe' }>;

/** Joins and leaves: from what a client asks to what the registry and the ledger know. */
export class Subscriptions {
  readonly #options: SubscriptionOptions;
  readonly #witness: Witness;
  #disconnectMs: Millis;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#witness = options.witness ?? noWitness;
    this.#disconnectMs = options.grace.disconnectMs;
  }

  /** The node ends: whoever is disconnected from now on may come back to another. */
  close(): void {
    this.#disconnectMs = this.#options.grace.shutdownMs;
  }

  /**
   * Lets the client in, or tells it why not. Pending while the answer needs the ledger's word. `in-turn`: nothing was done,
   * because the client would be answered at once, and earlier joins are not answered yet.
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
    const refusal = authorise(session, channel, command);
    if (refusal !== undefined) return this.#refuse(session, channel, 'AuthError', refusal);
    if (command.auth !== undefined) this.#witness.keyUsed(session.app.config.id, keyOf(command.auth));
    const isPresence = channelKind(channel).access === 'presence';
    const member = isPresence ? memberOf(session, command.channelData) : undefined;
    if (member !== undefined && 'error' in member) {
      return this.#refuse(session, channel, 'AuthError', member.error);
    }
    // Last: what is refused for another reason does not count.
    const { clock, refuseChannel: refuse = refuseChannel } = this.#options;
    const excess = isInternal(channel) ? undefined : refuse(session, channel, clock.now());
    if (excess !== undefined) return this.#refuse(session, channel, 'LimitReached', excess);
    if (isInternal(channel) && session.joins !== undefined) return 'in-turn';
    return this.#join(session, channel, member);
  }

  /** Ends a subscription. Ending one that does not exist does nothing. */
  unsubscribe(session: Session, channel: unknown): void {
    const subscription = typeof channel === 'string' ? session.subscriptions.get(channel) : undefined;
    if (subscription === undefined) return;
    const { name } = subscription.channel;
    session.subscriptions.delete(name);
    session.socket.unsubscribe(session.app.topic(name));
    const { clock, grace } = this.#options;
    const left = session.app.registry.leave(subscription, clock.now(), grace.unsubscribeMs);
    this.#witnessLeave(session, subscription, 'unsubscribed');
    this.#tell(session, subscription, 'unsubscribed');
    this.#report(session, subscription, left);
  }

  /**
   * Ends all subscriptions of a connection that has closed, however it did: at once, unless there are too many of them for
   * one turn of the event loop. Until its turn comes a subscription counts as if the close had been heard of later, but it
   * lingers no longer for that.
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
      // While it was pending it counted here, so that the leave of another may not have looked like the last.
      const left = session.app.registry.leave(subscription, this.#options.clock.now(), 0);
      this.#witnessLeave(session, subscription, 'refused');
      this.#report(session, subscription, left);
      const { app } = session;
      const error =
        answer.kind === 'member-limit'
          ? memberLimit(channel, app.config.limits.presenceMembers)
          : appChannelError(app, channel, answer.kind);
      return this.#tellRefusal(session, channel, 'LimitReached', error);
    }
    this.#welcome(session, channel, answer);
    this.#tell(session, subscription, 'subscribed');
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
      if (cached === undefined) this.#missUnheard(session, channel);
      socket.send(
        cached === undefined ? encodeCacheMiss(channel) : eventEncoder(cached.name, cached.data)(channel),
      );
    }
    this.#options.counts.changed(app, channel);
  }

  /** In the turn of the command: what was not answered before may decide otherwise. */
  #refuse(session: Session, ...refusal: Refusal): 'in-turn' | undefined {
    if (session.joins !== undefined) return 'in-turn';
    this.#tellRefusal(session, ...refusal);
  }

  /** Tells both who listens on the channel and who listens on the connection. The connection stays. */
  #tellRefusal(session: Session, ...[channel, type, error]: Refusal): void {
    this.#options.refused(describeRefusal(session, 'subscription', error, { channel }));
    session.socket.send(encodeSubscriptionError(channel, type, error));
    session.socket.send(encodeError(error));
  }

  #tell(
    { app, socketId }: Session,
    { channel, userId }: Subscription,
    what: 'subscribed' | 'unsubscribed',
  ): void {
    const { log } = this.#options;
    if (log.isDebug) log.debug({ appId: app.config.id, socketId, channel: channel.name, userId }, what);
  }

  /** A miss of which no endpoint wants to hear is not recorded by the ledger. */
  #missUnheard({ app }: Session, channel: ChannelName): void {
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

function authorise(
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
      return refuseSubscription(session.app.config, {
        socketId: session.socketId,
        channel,
        auth,
        channelData,
      });
  }
}

/** Who joins a presence channel: whom the channel data name, else who is signed in (protocol 3). */
function memberOf(
  { user, app }: Session,
  channelData: string | undefined,
): Member | { readonly error: ProtocolError } {
  if (channelData !== undefined) return parseChannelData(channelData, app.config.limits);
  if (user === undefined) return { error: noMember };
  return { userId: user.userId, infoJson: user.infoJson };
}
