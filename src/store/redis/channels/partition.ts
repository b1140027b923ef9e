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

/** A node that did not cause a departure looks for it so much later than the one that did. */
const handicapMs: Millis = 500;

/**
 * In a cluster topics are asked for anew after so many heartbeats that were not heard: the slot may have moved, of which the
 * client does not always hear. To make the connection of a single server anew is dearer, and waits for a whole lease.
 */
const mostBeatsUnheard = 3;

/** Names that start with the prefix and come after a name, so many. */
export interface NamesAfter {
  readonly prefix: string;
  readonly after: string;
  readonly limit: number;
}

/** What a partition shares with the others, and which of them it is. */
interface PartitionParts {
  readonly keys: PartitionKeys;
  readonly index: number;
  readonly standing: HealthLog;
  readonly hearing: ChannelTopics;
}

/** One partition of the state, as this node takes part in it. */
export class Partition {
  readonly keys: PartitionKeys;
  readonly registration: Registration;
  readonly channels: Channels;
  readonly users: PartitionUsers;
  readonly connections: CountedConnections;
  readonly drops: RedisDrops;
  readonly terminations: Terminations;
  readonly #options: RedisLedgerOptions;
  readonly #standing: HealthLog;
  readonly #revisions = new Revisions();
  readonly #deadEpochs: DeadEpochs;
  #mustRead = false;
  /** When something was last heard on the topic; this node's own heartbeats are. */
  #topicHeardAt: Millis = -Infinity;
  /** Heartbeats since then that were answered. */
  #beatsUnheard = 0;
  /** When something is due, as far as is known. */
  #dueAt: Millis = Infinity;
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: RedisLedgerOptions, { keys, index, standing, hearing }: PartitionParts) {
    this.#options = options;
    this.#standing = standing;
    this.keys = keys;
    this.registration = new Registration({
      keys: this.keys,
      run: options.link.run,
      clock: options.clock,
      leaseMs: options.leaseMs,
      messageBytes: options.messageBytes,
      newEpoch: options.newEpoch,
      present: () => this.#present(),
      revision: () => this.#revisions.last,
      registered: (registered) => {
        this.#registered(registered);
        options.registered(index);
      },
      memoryIsBack: () => this.#assertRefused(),
      failed: (error) => standing.failed(error, index),
    });
    const scripts = new ChannelScripts(options, this.registration, this.keys);
    this.channels = new Channels(options, this.registration, scripts, {
      due: (at) => this.#due(at),
      lastRevision: () => this.#revisions.last,
      reached: (revision) => this.#revisions.reached(revision),
      listen: (appId, channel) => hearing.begin(appId, channel),
      letGo: (appId, channel) => hearing.end(appId, channel),
    });
    this.users = new PartitionUsers(options, this.registration, this.keys);
    this.connections = new CountedConnections(options, this.registration, this.keys);
    this.drops = new RedisDrops(options, this.registration, this.keys);
    this.terminations = new Terminations({
      run: options.link.run,
      clock: options.clock,
      keys: this.keys,
      head: () => [this.#present(), this.keys.topic],
      terminate: options.terminate,
    });
    this.#deadEpochs = new DeadEpochs({
      ...options,
      keys,
      scripts,
      users: this.users,
      connections: this.connections,
      bury: (epoch) => this.#script('bury', [keys.nodes, keys.held(epoch)], [epoch]),
      due: (at) => this.#due(at),
    });
  }

  /** When something was last heard on the topic. */
  get topicHeardAt(): Millis {
    return this.#topicHeardAt;
  }

  get dueAt(): Millis {
    return this.#dueAt;
  }

  /** Whether nothing is under way that was begun here. */
  get isIdle(): boolean {
    return this.#running.size === 0 && this.registration.isIdle;
  }

  /** Something was said on the partition's topic: a notice, the revision at a heartbeat, or that data was lost. */
  receive(message: string): void {
    this.#hearTopic();
    if (message.startsWith('b')) this.#readIf(this.#revisions.said(Number(message.slice(1))));
    else if (message.startsWith('d')) this.registration.begun(message.slice(1));
    else this.#hear(parseNotice(message.slice(1)));
    this.#revisions.tellListeners();
  }

  #hear(notice: PartitionNotice | undefined): void {
    if (notice === undefined || notice.revision <= this.#revisions.last) return;
    this.#readIf(this.#revisions.noticed(notice.revision));
    this.#take(notice);
  }

  /** Keeps the lease, and sees to what others have left undone. */
  async beat(): Promise<void> {
    const beat = await this.registration.beat();
    if (beat === undefined) return;
    this.#seeToTopic();
    if (beat.dueMs !== undefined) this.#due(this.#options.clock.now() + beat.dueMs + handicapMs);
    if (!this.registration.isFull) this.#assertRefused();
    if (beat.dead !== '') this.#release(beat.dead);
    if (this.#mustRead) this.#readAll();
    if (beat.isAwaited) await this.beat();
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
      // The next heartbeat tells what is due.
    }
  }

  /** Keeps what a client said for webhooks, in order with the facts of its channel, if need be later. */
  append(appId: string, event: WebhookEvent): void {
    const json = JSON.stringify(event);
    const userId = 'userId' in event ? (event.userId ?? '') : '';
    const args = [json, userId, Math.ceil(this.#options.graceMs)];
    const append = this.channels.scripts.step('append', this.channels.kept(appId, event.channel), args);
    const tell = (isTaken: boolean): void => {
      if (!isTaken) this.#standing.eventLost(appId);
    };
    void this.registration.record(append, json.length).then(tell);
  }

  /**
   * The first occupied channels of an app whose name starts with `prefix` and comes after `after`, in order; a limit of
   * Infinity: all. Undefined: Redis does not know everything. Rejects when it cannot be reached.
   */
  async list(
    appId: string,
    { prefix, after, limit }: NamesAfter,
  ): Promise<readonly ChannelName[] | undefined> {
    const from = after >= prefix ? `(${after}` : `[${prefix}`;
    // Every allowed character of a name sorts before this one.
    const to = prefix === '' ? '+' : `[${prefix}\xff`;
    const most = limit === Infinity ? -1 : limit;
    const args = [...this.registration.standing, from, to, most];
    const [status, ...names] = await this.#script('list', [this.keys.index(appId)], args);
    return status === 'ok' ? names.map((name) => checkedChannelName(String(name))) : undefined;
  }

  /** Whether so many more events may be published now. Rejects when Redis cannot be reached. */
  async admit(appId: string, count: number, perSecond: number): Promise<boolean> {
    const [isAdmitted] = await this.#script('admit', [this.keys.admitted(appId)], [count, perSecond]);
    return isAdmitted === 1;
  }

  /** This node takes part no more: what it may still hold is released at once, and may linger for so long. */
  async close(lingersMs: Millis): Promise<void> {
    const { epoch } = this.registration;
    await this.registration.close();
    if (epoch !== '') await this.#deadEpochs.release(epoch, lingersMs);
  }

  #assertRefused(): void {
    this.channels.assertRefused();
    this.users.assertRefused();
  }

  /** The heartbeats are taken, so they are to be heard as well. */
  #seeToTopic(): void {
    const { clock, leaseMs, link } = this.#options;
    if (!this.registration.isRegistered) return;
    this.#beatsUnheard += 1;
    const isSilent = clock.now() - this.#topicHeardAt >= leaseMs;
    if (!isSilent && !(link.isCluster && this.#beatsUnheard > mostBeatsUnheard)) return;
    this.#beatsUnheard = 0;
    if (isSilent) this.#topicHeardAt = clock.now();
    link.topics.renew(this.keys.topic);
  }

  #hearTopic(): void {
    this.#topicHeardAt = this.#options.clock.now();
    this.#beatsUnheard = 0;
  }

  #registered({ former, revision, isDataLost }: Registered): void {
    if (isDataLost) this.#standing.dataLost();
    this.#hearTopic();
    this.#revisions.startFrom(revision);
    this.channels.assertAll(isDataLost);
    this.users.assertAll();
    this.connections.assertAll(former);
    if (isDataLost) {
      this.drops.assertAll();
      this.#run(this.terminations.endAgain());
    }
    if (former === '') return;
    this.#release(former);
    this.#run(this.users.readAll());
    this.#run(this.#readEnded());
  }

  #readIf(isMissing: boolean): void {
    if (isMissing) this.#readAll();
  }

  #take({ revision, appId, news }: PartitionNotice): void {
    switch (news.kind) {
      case 'channel':
        return this.channels.apply(appId, news.channel, { revision, ...news });
      case 'count':
        return this.channels.tellCount(appId, news.channel, news.count);
      case 'user':
        return this.users.apply(appId, news.userId, { revision, isOnline: news.isOnline });
      case 'end':
        return this.#options.terminate(appId, news.userId, news.agoMs);
      case 'connections':
        return this.connections.hear(appId, news.byEpoch);
    }
  }

  /** Or else with the next heartbeat, together with all the rest. */
  async #readEnded(): Promise<void> {
    if (!(await this.terminations.read())) this.#mustRead = true;
  }

  #readAll(): void {
    this.#mustRead = false;
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
