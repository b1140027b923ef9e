import type { Admissions } from '../../apps/admissions.ts';
import { refuseAppChannel } from '../../connections/channel-limits.ts';
import type { LocalApp, LocalApps } from '../../apps/local-app.ts';
import type { SubscriptionCounts } from '../../connections/subscription-counts.ts';
import type { Join, Leave } from '../../ports/attendance.ts';
import type { ChannelState, Page } from '../../ports/channel-queries.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Fanout } from '../../ports/fanout.ts';
import type { Ledger } from '../../ports/ledger.ts';
import { whenReady, type MaybePromise } from '../../ports/maybe-promise.ts';
import type { Outbox } from '../../ports/outbox.ts';
import type { Unavailable } from '../../ports/unavailable.ts';
import type { ChannelName } from '../../protocol/channel-name.ts';
import type { ClosingError } from '../../protocol/errors.ts';
import type { WebhookEvent } from '../../webhooks/event.ts';
import { Holdings, type HeldSubject } from './holdings.ts';
import type { CountOfWorker, JoinReply, KeeperOfState } from './keeper-methods.ts';
import type { WorkerCounts } from './subscriber-counts.ts';

/** The dependencies of the state keeper. */
export interface StateKeeperOptions {
  readonly workers: number;
  readonly apps: LocalApps;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly outbox: Outbox;
  readonly fanout: Pick<Fanout, 'terminate'>;
  readonly counts: Pick<SubscriptionCounts, 'changed'>;
  readonly subscribers: Pick<WorkerCounts, 'app' | 'complete' | 'note' | 'noteAll'>;
  /** Decides which connections are accepted, counted over all workers. */
  readonly admissions: Admissions;
}

/**
 * Answers the workers' calls about the state of the apps. It counts each channel, member and user once for each worker that holds
 * it, and reports the first worker that joins and the last that leaves to the ledger.
 */
export class StateKeeper implements KeeperOfState {
  readonly #options: StateKeeperOptions;
  readonly #holdings: readonly Holdings[];
  /** By app and user: the workers where the user is signed in. */
  readonly #online = new Map<string, Set<number>>();
  /** Open connections by app. */
  readonly #connections = new Map<string, number>();

  constructor(options: StateKeeperOptions) {
    this.#options = options;
    this.#holdings = Array.from({ length: options.workers + 1 }, () => new Holdings());
  }

  join(from: number, join: Join, wantsMembers: boolean): JoinReply {
    const app = this.#app(join.appId);
    const holdings = this.#holdings[from];
    // The app has been removed, and the worker is about to learn it.
    if (app === undefined || holdings === undefined) return { kind: 'joined' };
    const held = { ...join, userId: join.member?.userId };
    const isHeld = holdings.has(held);
    const refusal = isHeld ? undefined : refuseAppChannel(app, join.channel, this.#options.clock.now());
    if (refusal !== undefined) return { kind: refusal };
    // A ledger in memory answers synchronously.
    const answer = this.#options.ledger.join(join);
    if (answer instanceof Promise) throw new Error('workers need a ledger that answers synchronously');
    if (answer.kind !== 'joined') return { kind: answer.kind };
    if (!isHeld) holdings.add(app.registry, held);
    const { members, cached } = answer;
    return {
      kind: 'joined',
      ...(wantsMembers && members && { members: [...members.values()] }),
      ...(cached && { cached }),
    };
  }

  leave(from: number, leave: Leave): void {
    const { appId, channel, member, channelLingersMs, source } = leave;
    const held: HeldSubject = { appId, channel, userId: member?.userId };
    const lingersMs = member?.lingersMs ?? channelLingersMs ?? 0;
    const left = this.#holdings[from]?.remove(held, this.#options.clock.now(), lingersMs);
    if (left === undefined) return;
    const { channelLingersMs: ofChannel, memberLingersMs: ofMember } = left;
    if (ofChannel === undefined && ofMember === undefined) return;
    void this.#options.ledger.leave({
      appId,
      channel,
      ...(source && { source }),
      ...(ofChannel !== undefined && { channelLingersMs: ofChannel }),
      ...(member && ofMember !== undefined && { member: { userId: member.userId, lingersMs: ofMember } }),
    });
  }

  cacheEvent(_from: number, ...step: Parameters<Ledger['cacheEvent']>): MaybePromise<void> {
    return this.#options.ledger.cacheEvent(...step);
  }

  forgetCacheMiss(_from: number, appId: string, channel: ChannelName, episode: string): void {
    void this.#options.ledger.forgetCacheMiss(appId, channel, episode);
  }

  signIn(
    from: number,
    appId: string,
    userId: string,
    watched: readonly string[],
  ): MaybePromise<readonly string[]> {
    const key = `${appId}\n${userId}`;
    const workers = this.#online.get(key);
    if (workers === undefined) this.#online.set(key, new Set([from]));
    else workers.add(from);
    const online = this.#options.ledger.signIn({ appId, userId, watched });
    return whenReady(online, (users) => [...users]);
  }

  signOut(from: number, appId: string, userId: string): void {
    const key = `${appId}\n${userId}`;
    const workers = this.#online.get(key);
    if (workers?.delete(from) !== true || workers.size > 0) return;
    this.#online.delete(key);
    void this.#options.ledger.signOut(appId, userId);
  }

  admitTriggers(_from: number, appId: string, count: number, perSecond: number): MaybePromise<boolean> {
    return this.#options.ledger.admitTriggers(appId, count, perSecond);
  }

  channel(_from: number, appId: string, channel: ChannelName): MaybePromise<ChannelState | Unavailable> {
    const { ledger, subscribers } = this.#options;
    return subscribers.complete(ledger, appId, channel);
  }

  occupiedChannels(
    _from: number,
    appId: string,
    prefix: string,
    page: Page | undefined,
  ): MaybePromise<readonly ChannelName[] | Unavailable> {
    return this.#options.ledger.occupiedChannels(appId, prefix, page);
  }

  append(_from: number, appId: string, events: readonly WebhookEvent[]): void {
    this.#options.outbox.append(appId, events);
  }

  kept(): MaybePromise<void> {
    return this.#options.outbox.kept();
  }

  enter(_from: number, appId: string, remoteAddress: string, limit: number): boolean | ClosingError {
    const { admissions, clock } = this.#options;
    const addressUse = admissions.enter(remoteAddress, clock.now());
    if (addressUse !== undefined && 'code' in addressUse) return addressUse;
    const connections = this.#connections.get(appId) ?? 0;
    if (connections >= limit) {
      admissions.leave(addressUse);
      return false;
    }
    this.#connections.set(appId, connections + 1);
    return true;
  }

  countOpen(_from: number, appId: string, connections: number): void {
    this.#connections.set(appId, (this.#connections.get(appId) ?? 0) + connections);
  }

  exit(_from: number, appId: string, remoteAddress: string): void {
    if (remoteAddress !== '') this.#options.admissions.leaveFrom(remoteAddress);
    const connections = (this.#connections.get(appId) ?? 1) - 1;
    if (connections === 0) this.#connections.delete(appId);
    else this.#connections.set(appId, connections);
  }

  terminate(_from: number, appId: string, userId: string): void {
    void this.#options.fanout.terminate(appId, userId);
  }

  count(from: number, appId: string, channel: ChannelName, subscribers: number): void {
    if (this.#options.subscribers.note(from, appId, channel, subscribers)) this.#countChanged(appId, channel);
  }

  counts(from: number, appId: string, counts: readonly CountOfWorker[]): void {
    const changed = this.#options.subscribers.noteAll(from, appId, counts);
    for (const channel of changed) this.#countChanged(appId, channel);
  }

  #countChanged(appId: string, channel: ChannelName): void {
    const app = this.#options.subscribers.app(appId);
    if (app !== undefined) this.#options.counts.changed(app, channel);
  }

  #app(appId: string): LocalApp | undefined {
    return this.#options.apps.byId(appId);
  }
}
