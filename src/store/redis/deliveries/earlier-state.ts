import type { Log } from '../../../ports/log.ts';
import type { ChannelName } from '../../../protocol/channel-name.ts';
import type { TurnBudget } from '../../../structures/turn-budget.ts';
import {
  selectionContains,
  selectsNewly,
  type Endpoint,
  type Selection,
} from '../../../webhooks/endpoint.ts';
import type { Decided } from '../../../webhooks/delivery-facts.ts';
import { isStateEvent, itself, readSubject } from '../../../webhooks/last-sent.ts';
import { partitionOf, type PartitionKeys } from '../keys.ts';
import type { RedisLink } from '../link/link.ts';
import { describeFailure } from '../link/health-log.ts';
import { isAtOrAfter } from './refs.ts';
import { readReceived, writeReceived, type Received, type ReceivedByName } from './received.ts';
import { readReported, type ReportedChannel } from './reported.ts';

/** An app and its endpoints. */
export interface ServedApp {
  readonly id: string;
  readonly endpoints: readonly Endpoint[];
}

/** Something that webhooks reported before an endpoint selected such events. The endpoint may know of it nevertheless. */
export interface ReportedBefore extends ReportedChannel {
  readonly appId: string;
  readonly endpoint: Endpoint;
  /** Greater than the sequence numbers of all events of the partition that were taken so far. */
  readonly seq: number;
}

/** The dependencies of the search. */
export interface EarlierStateOptions {
  readonly link: Pick<RedisLink, 'run' | 'commands'>;
  readonly partitions: readonly PartitionKeys[];
  readonly log: Log;
  readonly pace: TurnBudget;
  readonly present: () => string;
  readonly tokenOf: (partition: number) => number;
  /** The configured apps. */
  readonly applications: () => readonly ServedApp[];
  /** The sequence number of the last event that was read from the outbox of a partition. */
  readonly seqOf: (partition: number) => number;
  /** Whether the dispatcher has taken this partition over. */
  readonly isOpen: (partition: number) => boolean;
  /** The id of the last entry of the outbox that was taken; undefined: that is not certain. */
  readonly takenUntil: (partition: number) => string | undefined;
  /** Records that an endpoint may not know something. */
  readonly missedBefore: (before: ReportedBefore) => void;
  /** Writes all such records. Resolves with whether they are kept. */
  readonly flush: () => Promise<boolean>;
  /** Everything that the endpoint may not know of a partition is recorded, and that is kept. `isAsked`: somebody has requested it. */
  readonly found: (appId: string, endpointId: string, isAsked: boolean) => void;
}

/** The subjects of which endpoints have received an event that was taken after the one with this sequence number. */
interface ReceivedSince {
  readonly seq: number;
  readonly subjects: Set<string>;
}

/** An endpoint that selects events that it did not select before. */
interface Newcomer {
  readonly name: string;
  readonly appId: string;
  readonly endpoint: Endpoint;
  /** What it selected before; undefined: nothing, as far as is known. */
  readonly before: Selection | undefined;
}

/**
 * Finds, for the partitions of this node, what webhooks reported before an endpoint was added or selected such events, and
 * records that the endpoint may not know it. Which events endpoints have received is noted in each partition, because its owner may
 * change, and the owners may have different configurations for a while.
 */
export class EarlierState {
  readonly #options: EarlierStateOptions;
  /** By partition. */
  readonly #received = new Map<number, ReceivedByName>();
  /** The id of the last entry of an outbox after the last search; empty: there was none. By partition. */
  readonly #ends = new Map<number, string>();
  /** What endpoints have received since the configuration changed, by partition, until that is searched. */
  readonly #receivedSince = new Map<number, ReceivedSince>();
  /** The names of which something else must be noted, by partition; undefined: all. */
  readonly #changes = new Map<number, Set<string> | undefined>();
  /** The partitions that must be examined. */
  readonly #due = new Set<number>();
  /** The names of endpoints for which somebody has requested what is still searched for. */
  readonly #asked = new Set<string>();
  /** By name. */
  #configured: ReadonlyMap<string, Pick<Newcomer, 'appId' | 'endpoint'>> = new Map();
  /** Rises with each change of the configuration. */
  #version = 0;
  #isWorking = false;

  constructor(options: EarlierStateOptions) {
    this.#options = options;
  }

  /**
   * Reads which events endpoints have received of these partitions, and notes which ones will miss events from now on. Must be called
   * before events of them are taken. A partition of which nothing was ever noted has endpoints that have received everything: nothing was
   * reported, or by an earlier version. Rejects if Redis does not answer.
   */
  async read(indices: readonly number[]): Promise<void> {
    const found = await Promise.all(
      indices.map(async (index) => {
        const keys = this.#options.partitions[index];
        return keys === undefined ? undefined : readReceived(this.#options, keys);
      }),
    );
    this.#readConfiguration();
    for (const [position, index] of indices.entries()) {
      this.#ends.delete(index);
      this.#received.set(index, found[position] ?? new Map());
      if (found[position] !== undefined) continue;
      // Also without any endpoint, or the next owner would take a new one for known.
      this.#changes.set(index, undefined);
      for (const [name, { endpoint }] of this.#configured) this.#note(index, name, receivedAll(endpoint, 0));
    }
    this.#compareAll();
    // Endpoints may be sent older events than these, which do not show what they missed.
    for (const index of indices) this.#receivedSince.delete(index);
    // The next owner must not take them for endpoints that have received what this one takes.
    await Promise.all(indices.map((index) => this.#write(index)));
  }

  /** Forgets everything, because this node owns no partition any more. */
  clear(): void {
    this.#received.clear();
    this.#ends.clear();
    this.#receivedSince.clear();
    this.#changes.clear();
    this.#due.clear();
    this.#asked.clear();
  }

  /** Somebody has requested that the endpoint be sent what it missed. */
  asked(appId: string, endpointId: string): void {
    const name = nameOf(appId, endpointId);
    if (this.#isSearchedFor(name)) this.#asked.add(name);
  }

  /**
   * The configuration has changed. An endpoint that is not configured, or does not select some of what it selected, misses events from
   * now on.
   */
  configurationChanged(): void {
    this.#readConfiguration();
    this.#compareAll();
    for (const index of this.#changes.keys()) this.#writeSoon(index);
    this.work();
  }

  /** Outboxes are read from their beginning again. */
  reread(): void {
    // The entries that were last in them may be gone.
    this.#ends.clear();
  }

  /** Redis may have lost what was noted of a partition: notes it again. */
  storeAgain(index: number): void {
    if (!this.#received.has(index)) return;
    this.#changes.set(index, undefined);
    this.#writeSoon(index);
  }

  /** An endpoint has received events. */
  delivered({ appId, endpoint, events }: Pick<Decided, 'appId' | 'endpoint' | 'events'>): void {
    if (this.#receivedSince.size === 0) return;
    for (const { event, seq } of events) {
      if (!isStateEvent(event)) continue;
      const index = partitionOf(appId, event.channel, this.#options.partitions.length);
      const since = this.#receivedSince.get(index);
      if (since === undefined || seq <= since.seq) continue;
      since.subjects.add(keyOf(nameOf(appId, endpoint.id), event.channel, readSubject(event).subject));
    }
  }

  /**
   * Whether the endpoint need not have received what preceded an event of a partition: that the subject was there, or that it was
   * not.
   */
  isUnsure(index: number, appId: string, endpoint: Endpoint, seq: number): boolean {
    const received = this.#received.get(index)?.get(nameOf(appId, endpoint.id));
    if (received === undefined || !selectionContains(received.selection, endpoint)) return true;
    return received.unsureUntil === undefined || seq <= received.unsureUntil;
  }

  /** Searches what must be searched, unless a search is under way. What fails is tried again with the next call. */
  work(): void {
    if (this.#isWorking || this.#due.size === 0) return;
    this.#isWorking = true;
    void this.#examineAll().finally(() => (this.#isWorking = false));
  }

  #readConfiguration(): void {
    this.#configured = new Map(
      this.#options
        .applications()
        .flatMap(({ id: appId, endpoints }) =>
          endpoints.map((endpoint) => [nameOf(appId, endpoint.id), { appId, endpoint }] as const),
        ),
    );
    this.#version += 1;
    for (const name of this.#asked) if (!this.#configured.has(name)) this.#asked.delete(name);
  }

  /** Notes what endpoints miss from now on, and has the partitions examined. */
  #compareAll(): void {
    for (const [index, received] of this.#received) {
      for (const [name, { selection, unsureUntil }] of received) {
        const endpoint = this.#configured.get(name)?.endpoint;
        if (endpoint !== undefined && selectionContains(endpoint, selection)) continue;
        const isNarrower = endpoint !== undefined && selectionContains(selection, endpoint);
        this.#note(index, name, isNarrower ? receivedAll(endpoint, unsureUntil) : undefined);
      }
      this.#due.add(index);
      this.#receivedSince.delete(index);
      if (this.#newcomers(received).length > 0)
        this.#receivedSince.set(index, { seq: this.#options.seqOf(index), subjects: new Set() });
    }
  }

  async #examineAll(): Promise<void> {
    const due = [...this.#due];
    this.#due.clear();
    for (const index of due) {
      const received = this.#received.get(index);
      if (received === undefined) continue;
      try {
        if (await this.#examine(index, received)) continue;
      } catch (error) {
        this.#options.log.debug({ error: describeFailure(error) }, 'could not read what was reported before');
      }
      if (this.#received.get(index) === received) this.#due.add(index);
    }
  }

  /** Whether everything is done. */
  async #examine(index: number, received: ReceivedByName): Promise<boolean> {
    const { partitions, isOpen, tokenOf, flush, found } = this.#options;
    const keys = partitions[index];
    if (keys === undefined) return true;
    // The dispatcher does not yet know what endpoints have missed of it.
    if (!isOpen(index)) return false;
    const [token, version] = [tokenOf(index), this.#version];
    const isCurrent = (): boolean =>
      this.#received.get(index) === received && tokenOf(index) === token && this.#version === version;
    const newcomers = this.#newcomers(received);
    if (newcomers.length > 0) {
      // What they may not know must be kept before they count as having received everything.
      if (!(await this.#search(index, keys, newcomers, isCurrent)) || !(await flush())) return false;
      if (!isCurrent()) return false;
      for (const { name, endpoint } of newcomers) this.#note(index, name, receivedAll(endpoint, undefined));
      this.#ends.delete(index);
      this.#receivedSince.delete(index);
    }
    try {
      const isComplete = await this.#complete(index, keys, isCurrent);
      return (await this.#write(index)) && isComplete && isCurrent();
    } finally {
      // If Redis did not answer, it is not searched again.
      for (const { name, appId, endpoint } of newcomers) {
        found(appId, endpoint.id, this.#asked.has(name));
        if (!this.#isSearchedFor(name)) this.#asked.delete(name);
      }
    }
  }

  /** Determines until where the endpoints are unsure that were searched for. Returns whether it is known. */
  async #complete(index: number, keys: PartitionKeys, isCurrent: () => boolean): Promise<boolean> {
    const received = this.#received.get(index) ?? [];
    const unsure = [...received].filter(([, { unsureUntil }]) => unsureUntil === undefined);
    if (unsure.length === 0) return true;
    let end = this.#ends.get(index);
    if (end === undefined) {
      const [last] = await this.#options.link.commands.xrevrange(keys.outbox, '+', '-', 'COUNT', 1);
      if (!isCurrent()) return false;
      end = last?.[0] ?? '';
      this.#ends.set(index, end);
    }
    const taken = this.#options.takenUntil(index);
    if (taken === undefined || (end !== '' && !isAtOrAfter(taken, end))) return false;
    for (const [name, { selection }] of unsure)
      this.#note(index, name, receivedAll(selection, this.#options.seqOf(index)));
    return true;
  }

  /** Whether the search is complete. */
  async #search(
    index: number,
    keys: PartitionKeys,
    newcomers: readonly Newcomer[],
    isCurrent: () => boolean,
  ): Promise<boolean> {
    for (const appId of new Set(newcomers.map((one) => one.appId))) {
      const ofApp = newcomers.filter((one) => one.appId === appId);
      for await (const page of readReported(this.#options, keys, appId)) {
        for (const reported of page) {
          await this.#options.pace.step();
          if (!isCurrent()) return false;
          for (const one of ofApp) this.#compare(index, one, reported);
        }
      }
    }
    return isCurrent();
  }

  #compare(
    index: number,
    { name, appId, endpoint, before }: Newcomer,
    { channel, subjects }: ReportedChannel,
  ): void {
    const since = this.#receivedSince.get(index)?.subjects;
    const news = subjects.filter(
      (subject) =>
        selectsNewly(endpoint, before, subject === itself ? 'channel' : 'member', channel) &&
        since?.has(keyOf(name, channel, subject)) !== true,
    );
    const seq = this.#options.seqOf(index) + 1;
    if (news.length > 0) this.#options.missedBefore({ appId, endpoint, channel, subjects: news, seq });
  }

  #newcomers(received: ReceivedByName): readonly Newcomer[] {
    const newcomers: Newcomer[] = [];
    for (const [name, { appId, endpoint }] of this.#configured) {
      if (this.#isNew(name, received))
        newcomers.push({ name, appId, endpoint, before: received.get(name)?.selection });
    }
    return newcomers;
  }

  #isNew(name: string, received: ReceivedByName): boolean {
    const endpoint = this.#configured.get(name)?.endpoint;
    const before = received.get(name)?.selection;
    return endpoint !== undefined && (before === undefined || !selectionContains(before, endpoint));
  }

  /** Whether some partition is still to be searched for the endpoint. */
  #isSearchedFor(name: string): boolean {
    return [...this.#received.values()].some((received) => this.#isNew(name, received));
  }

  #note(index: number, name: string, received: Received | undefined): void {
    const known = this.#received.get(index);
    if (received === undefined) known?.delete(name);
    else known?.set(name, received);
    if (this.#changes.has(index)) this.#changes.get(index)?.add(name);
    else this.#changes.set(index, new Set([name]));
  }

  /** Writes what must be noted now, because a search may take long. What fails is written with the next examination. */
  #writeSoon(index: number): void {
    void this.#write(index).catch(() => {});
  }

  /** Writes what must be noted. Resolves with whether this node still owns the partition. Rejects if Redis does not answer. */
  async #write(index: number): Promise<boolean> {
    const keys = this.#options.partitions[index];
    const received = this.#received.get(index);
    if (keys === undefined || received === undefined || !this.#changes.has(index)) return true;
    const names = this.#changes.get(index);
    this.#changes.delete(index);
    try {
      return await writeReceived(this.#options, keys, index, { names, received });
    } catch (error) {
      const later = this.#changes.has(index) ? this.#changes.get(index) : new Set<string>();
      const isAll = names === undefined || later === undefined;
      this.#changes.set(index, isAll ? undefined : new Set([...names, ...later]));
      this.#due.add(index);
      throw error;
    }
  }
}

function receivedAll({ eventTypes, channels }: Selection, unsureUntil: number | undefined): Received {
  return { selection: { eventTypes, channels }, unsureUntil };
}

function keyOf(name: string, channel: ChannelName, subject: string): string {
  return `${name}\n${channel}\n${subject}`;
}

function nameOf(appId: string, endpointId: string): string {
  return `${appId}\n${endpointId}`;
}
