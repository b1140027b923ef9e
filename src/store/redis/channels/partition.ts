import type { Millis } from '../../../ports/clock.ts';
import { checkedChannelName, type ChannelName } from '../../../protocol/channel-name.ts';
import type { WebhookEvent } from '../../../webhooks/event.ts';
import { ChannelScripts } from './channel-scripts.ts';
import { Channels } from './channels.ts';
import { CountedConnections } from './connections.ts';
import { DeadEpochs, splitFirst } from './dead-epochs.ts';
import { RedisDrops } from '../deliveries/drops.ts';
import type { ChannelTopics } from '../fanout/channel-topics.ts';
import type { PartitionKeys } from '../keys.ts';
import { parseNotice, type PartitionNotice } from './notice.ts';
import { Registration, type Registered } from './registration.ts';
import type { Reply } from '../link/replies.ts';
import type { ScriptName } from '../scripts.ts';
import { Revisions } from './revisions.ts';
import type { HealthLog } from '../link/health-log.ts';
import type { RedisLedgerOptions } from '../link/surroundings.ts';
import { Terminations } from './terminations.ts';
import { PartitionUsers } from './users.ts';

/** A node that did not cause a departure checks for it this much later than the node that did. */
const otherNodesDelayMs: Millis = 500;

/**
 * In a cluster, topics are subscribed to again after this many missing heartbeats: the slot may have moved, which the client does not
 * always notice. With a single server the connection would have to be renewed. That costs more, so it waits for a whole lease.
 */
const maxMissedHeartbeats = 3;

/** A request for at most `limit` names that start with the prefix and come after a name. */
export interface NamesAfter {
  readonly prefix: string;
  readonly after: string;
  readonly limit: number;
}

/** What a partition shares with the others, and its number. */
interface PartitionParts {
  readonly keys: PartitionKeys;
  readonly index: number;
  readonly healthLog: HealthLog;
  readonly channelTopics: ChannelTopics;
}

/** This node's part in one partition of the state. */
export class Partition {
  readonly keys: PartitionKeys;
  readonly registration: Registration;
  readonly channels: Channels;
  readonly users: PartitionUsers;
  readonly connections: CountedConnections;
  readonly drops: RedisDrops;
  readonly terminations: Terminations;
  readonly #options: RedisLedgerOptions;
  readonly #healthLog: HealthLog;
  readonly #revisions = new Revisions();
  readonly #deadEpochs: DeadEpochs;
  /** The heartbeat that is under way. */
  #beating: Promise<void> | undefined;
  #mustRead = false;
  /** When a message last arrived on the topic. This node's own heartbeats arrive too. */
  #topicMessageAt: Millis = -Infinity;
  /** How many heartbeats were answered since then. */
  #missedHeartbeats = 0;
  /** When something is due, as far as is known. */
  #dueAt: Millis = Infinity;
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: RedisLedgerOptions, { keys, index, healthLog, channelTopics }: PartitionParts) {
    this.#options = options;
    this.#healthLog = healthLog;
    this.keys = keys;
    this.registration = new Registration({
      keys: this.keys,
      run: options.link.run,
      clock: options.clock,
      leaseMs: options.leaseMs,
      messageBytes: options.messageBytes,
      newEpoch: options.newEpoch,
      present: () => this.#present(),
      revision: () => this.#revisions.highest,
      registered: (registered) => {
        this.#registered(registered);
        options.registered(index, registered.lostSince !== undefined);
      },
      memoryIsBack: () => this.#assertRefused(),
      failed: (error) => healthLog.failed(error, index),
    });
    const scripts = new ChannelScripts(options, this.registration, this.keys);
    this.channels = new Channels(options, this.registration, scripts, {
      due: (at) => this.#due(at),
      lastRevision: () => this.#revisions.last,
      answered: (revision) => this.#revisions.answered(revision),
      reached: (revision) => this.#revisions.reached(revision),
      listen: (appId, channel) => channelTopics.begin(appId, channel),
      unlisten: (appId, channel) => channelTopics.end(appId, channel),
    });
    this.users = new PartitionUsers(options, this.registration, this.keys, (revision) =>
      this.#revisions.answered(revision),
    );
    this.connections = new CountedConnections(options, this.registration, this.keys);
    this.drops = new RedisDrops(options, this.registration, this.keys);
    this.terminations = new Terminations({
      run: options.link.run,
      clock: options.clock,
      keys: this.keys,
      registration: this.registration,
      head: () => [this.#present(), this.keys.topic],
      terminate: options.terminate,
    });
    this.#deadEpochs = new DeadEpochs({
      ...options,
      keys,
      scripts,
      users: this.users,
      connections: this.connections,
      removeEpoch: (epoch) => this.#script('bury', [keys.nodes, keys.held(epoch)], [epoch]),
      due: (at) => this.#due(at),
    });
  }

  /** When a message last arrived on the topic. */
  get topicMessageAt(): Millis {
    return this.#topicMessageAt;
  }

  get dueAt(): Millis {
    return this.#dueAt;
  }

  /** Whether no work of this node is under way. */
  get isIdle(): boolean {
    return this.#running.size === 0 && this.registration.isIdle;
  }

  /** Takes a message from the partition's topic: a notice, the revision after a heartbeat, or the identity of new data. */
  receive(message: string): void {
    this.#noteTopicMessage();
    if (message.startsWith('b')) this.#readIf(this.#revisions.reported(Number(message.slice(1))));
    else if (message.startsWith('d')) this.registration.dataReplaced(message.slice(1));
    else this.#receiveNotice(parseNotice(message.slice(1)));
    this.#revisions.notifyListeners();
  }

  #receiveNotice(notice: PartitionNotice | undefined): void {
    if (notice === undefined || notice.revision <= this.#revisions.last) return;
    this.#readIf(this.#revisions.noticed(notice));
    this.#take(notice);
  }

  /** Renews the lease, releases a dead epoch, and tries again what has failed. Joins a heartbeat that is under way. */
  beat(): Promise<void> {
    this.#beating ??= this.#beat().finally(() => (this.#beating = undefined));
    return this.#beating;
  }

  async #beat(): Promise<void> {
    const beat = await this.registration.beat();
    if (beat === undefined) return;
    this.#checkTopic();
    if (beat.dueMs !== undefined) this.#due(this.#options.clock.now() + beat.dueMs + otherNodesDelayMs);
    if (!this.registration.isFull) this.#assertRefused();
    if (beat.deadEpoch !== '') this.#release(beat.deadEpoch);
    this.#run(this.drops.catchUp());
    if (this.#mustRead) this.#readAll();
    else this.#run(this.users.readFailed());
    if (beat.isAwaited) await this.#beat();
  }

  /** Reports what is due. */
  async sweep(): Promise<void> {
    if (this.#dueAt > this.#options.clock.now()) return;
    this.#dueAt = Infinity;
    try {
      for (;;) {
        const [nextMs, ...found] = await this.#script('due', [this.keys.due], []);
        if (Number(nextMs) >= 0) this.#due(this.#options.clock.now() + Math.max(1, Number(nextMs)));
        if (found.length === 0) return;
        await this.#options.pace.each(found, (subject) => this.#expire(String(subject)));
      }
    } catch {
      // The next heartbeat reports what is due.
    }
  }

  /** Appends a client event for webhooks, in order with the other events of its channel. It may be sent later. */
  append(appId: string, event: WebhookEvent): void {
    const json = JSON.stringify(event);
    const userId = 'userId' in event ? (event.userId ?? '') : '';
    const args = [json, userId, Math.ceil(this.#options.graceMs)];
    const append = this.channels.scripts.step('append', this.channels.kept(appId, event.channel), args);
    const settle = (isTaken: boolean): void => {
      if (!isTaken) this.#healthLog.eventLost(appId);
    };
    void this.registration.record(append, json.length).then(settle);
  }

  /**
   * Lists the first occupied channels of an app whose names start with `prefix` and come after `after`, in order. A limit of Infinity means
   * all. Undefined if Redis does not know everything. Rejects if it cannot be reached.
   */
  async list(
    appId: string,
    { prefix, after, limit }: NamesAfter,
  ): Promise<readonly ChannelName[] | undefined> {
    const from = after >= prefix ? `(${after}` : `[${prefix}`;
    // Every allowed character of a name sorts before this one.
    const to = prefix === '' ? '+' : `[${prefix}\xff`;
    const max = limit === Infinity ? -1 : limit;
    const args = [...this.registration.knownPosition, from, to, max];
    const [status, ...names] = await this.#script('list', [this.keys.index(appId)], args);
    return status === 'ok' ? names.map((name) => checkedChannelName(String(name))) : undefined;
  }

  /** Whether this many more events may be published now. Rejects if Redis cannot be reached. */
  async admit(appId: string, count: number, perSecond: number): Promise<boolean> {
    const [isAdmitted] = await this.#script('admit', [this.keys.admitted(appId)], [count, perSecond]);
    return isAdmitted === 1;
  }

  /** Ends this node's part. What it still holds is released immediately, with this grace period. */
  async close(graceMs: Millis): Promise<void> {
    const { epoch } = this.registration;
    await this.registration.close();
    if (epoch !== '') await this.#deadEpochs.release(epoch, graceMs);
  }

  #assertRefused(): void {
    this.channels.assertRefused();
    this.users.assertRefused();
  }

  /** Renews the topic if heartbeats are answered but do not arrive on it. */
  #checkTopic(): void {
    const { clock, leaseMs, link } = this.#options;
    if (!this.registration.isRegistered) return;
    this.#missedHeartbeats += 1;
    const isSilent = clock.now() - this.#topicMessageAt >= leaseMs;
    if (!isSilent && !(link.isCluster && this.#missedHeartbeats > maxMissedHeartbeats)) return;
    this.#missedHeartbeats = 0;
    if (isSilent) this.#topicMessageAt = clock.now();
    link.topics.renew(this.keys.topic);
  }

  #noteTopicMessage(): void {
    this.#topicMessageAt = this.#options.clock.now();
    this.#missedHeartbeats = 0;
  }

  #registered({ former, revision, lostSince }: Registered): void {
    if (lostSince !== undefined) this.#healthLog.dataLost();
    this.#noteTopicMessage();
    this.#revisions.startFrom(revision);
    this.channels.assertAll(lostSince);
    this.users.assertAll();
    this.connections.assertAll(former);
    if (lostSince !== undefined) {
      this.drops.assertAll();
      this.terminations.endAgain();
    }
    if (former === '') return;
    this.#release(former);
    this.drops.missedNotices();
    this.#run(this.users.readAll());
    this.#run(this.#readEnded());
  }

  #readIf(isMissing: boolean): void {
    if (isMissing) this.#readAll();
  }

  #take({ revision, appId, content }: PartitionNotice): void {
    switch (content.kind) {
      case 'channel':
        return this.channels.apply(appId, content.channel, { revision, ...content });
      case 'count':
        return this.channels.notifyCount(appId, content.channel, { revision, count: content.count });
      case 'user':
        return this.users.apply(appId, content.userId, { revision, isOnline: content.isOnline });
      case 'end':
        return this.#options.terminate(appId, content.userId, content.agoMs);
      case 'connections':
        return this.connections.takeCounts(appId, content.byEpoch);
      case 'resolved':
        return this.drops.resolved(appId, content.subject, content.json);
    }
  }

  /** If this fails, the next heartbeat reads everything. */
  async #readEnded(): Promise<void> {
    if (!(await this.terminations.read())) this.#mustRead = true;
  }

  #readAll(): void {
    this.#mustRead = false;
    this.drops.missedNotices();
    this.#run(this.#readEverything());
  }

  async #readEverything(): Promise<void> {
    this.connections.readAll();
    const done = await Promise.all([this.channels.readAll(), this.users.readAll(), this.terminations.read()]);
    this.#mustRead ||= !done.every(Boolean);
  }

  #release(epoch: string): void {
    this.#run(this.#deadEpochs.release(epoch, this.#options.graceMs));
  }

  #expire(subject: string): Promise<void> {
    const [appId, channel] = splitFirst(subject);
    return this.channels.scripts.expire(appId, channel);
  }

  #due(at: Millis): void {
    if (at >= this.#dueAt) return;
    this.#dueAt = at;
    this.#options.wake(at);
  }

  #script(name: ScriptName, keys: readonly string[], args: readonly (string | number)[]): Promise<Reply> {
    return this.#options.link.run(
      name,
      [this.keys.state, ...keys],
      [this.#present(), this.keys.topic, ...args],
    );
  }

  #present(): string {
    return this.#options.present?.().toFixed(0) ?? '';
  }

  #run(work: Promise<unknown>): void {
    this.#running.add(work);
    void work.finally(() => this.#running.delete(work));
  }
}
