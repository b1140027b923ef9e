import type { Log } from '../../../ports/log.ts';
import type { ChannelName } from '../../../protocol/channel-name.ts';
import type { TurnBudget } from '../../../structures/turn-budget.ts';
import { selectionAt, selectionContains, type Endpoint, type Selection } from '../../../webhooks/endpoint.ts';
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
  /** The id of the last entry of the outbox that was taken; undefined: that is not certain. */
  readonly takenUntil: (partition: number) => string | undefined;
  /** Records that an endpoint may not know something. */
  readonly missedBefore: (before: ReportedBefore) => void;
  /** Writes all such records. Resolves with whether they are kept. */
  readonly flush: () => Promise<boolean>;
  /** Everything that the endpoint may not know of a partition is recorded, and that is kept. */
  readonly found: (appId: string, endpointId: string) => void;
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
  /** What must be noted, by partition and name. */
  readonly #changes = new Map<number, Map<string, Received | undefined>>();
  /** The partitions that must be examined. */
  readonly #due = new Set<number>();
  /** By name. */
  #configured: ReadonlyMap<string, Pick<Newcomer, 'appId' | 'endpoint'>> = new Map();
  /** Rises with each change of the configuration. */
  #version = 0;
  #isWorking = false;

  constructor(options: EarlierStateOptions) {
    this.#options = options;
  }

  /**
   * Reads which events endpoints have received of these partitions. Must be called before events of them are taken. A partition
   * of which nothing was ever noted has endpoints that have received everything: nothing was reported, or by an earlier version.
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
      this.#received.set(index, found[position] ?? new Map());
      if (found[position] !== undefined) continue;
      for (const [name, { endpoint }] of this.#configured) this.#note(index, name, receivedAll(endpoint, 0));
    }
    this.#compareAll();
    // Endpoints may be sent older events than these, which do not show what they missed.
    for (const index of indices) this.#receivedSince.delete(index);
  }

  /** Forgets everything, because this node owns no partition any more. */
  clear(): void {
    this.#received.clear();
    this.#ends.clear();
    this.#receivedSince.clear();
    this.#changes.clear();
    this.#due.clear();
  }

  /**
   * The configuration has changed. An endpoint that is not configured, or does not select some of what it selected, misses events from
   * now on.
   */
  configurationChanged(): void {
    this.#readConfiguration();
    this.#compareAll();
    this.work();
  }

  /** Redis may have lost what was noted of a partition: notes it again. */
  storeAgain(index: number): void {
    for (const [name, received] of this.#received.get(index) ?? []) this.#note(index, name, received);
    if (this.#received.has(index)) this.#due.add(index);
  }

  /** An endpoint has received events. */
  delivered({ appId, endpoint, events }: Pick<Decided, 'appId' | 'endpoint' | 'events'>): void {
    if (this.#receivedSince.size === 0) return;
    for (const { event, seq } of events) {
      if (!isStateEvent(event)) continue;
      const since = this.#receivedSince.get(
        partitionOf(appId, event.channel, this.#options.partitions.length),
      );
      if (since === undefined || seq <= since.seq) continue;
      since.subjects.add(keyOf(nameOf(appId, endpoint), event.channel, readSubject(event).subject));
    }
  }

  /**
   * Whether the endpoint need not have received what preceded an event of a partition: that the subject was there, or that it was
   * not.
   */
  isUnsure(index: number, appId: string, endpoint: Endpoint, seq: number): boolean {
    const received = this.#received.get(index)?.get(nameOf(appId, endpoint));
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
          endpoints.map((endpoint) => [nameOf(appId, endpoint), { appId, endpoint }] as const),
        ),
    );
    this.#version += 1;
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
    const { partitions, tokenOf, flush, found } = this.#options;
    const keys = partitions[index];
    const [token, version] = [tokenOf(index), this.#version];
    if (keys === undefined || token === 0) return true;
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
    const isComplete = await this.#complete(index, keys, received);
    if (!(await this.#write(index, keys))) return false;
    for (const { appId, endpoint } of newcomers) found(appId, endpoint.id);
    return isComplete && isCurrent();
  }

  /** Determines until where the endpoints are unsure that were searched for. Returns whether it is known. */
  async #complete(index: number, keys: PartitionKeys, received: ReceivedByName): Promise<boolean> {
    const unsure = [...received].filter(([, { unsureUntil }]) => unsureUntil === undefined);
    if (unsure.length === 0) return true;
    let end = this.#ends.get(index);
    if (end === undefined) {
      const [last] = await this.#options.link.commands.xrevrange(keys.outbox, '+', '-', 'COUNT', 1);
      end = last?.[0] ?? '';
      this.#ends.set(index, end);
    }
    const taken = this.#options.takenUntil(index);
    if (taken === undefined || (end !== '' && !isAtOrAfter(taken, end))) return false;
    for (const [name, { selection }] of unsure) {
      // The configuration may have changed meanwhile.
      if (received.get(name)?.selection === selection)
        this.#note(index, name, receivedAll(selection, this.#options.seqOf(index)));
    }
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
        isNews(subject, channel, endpoint, before) && since?.has(keyOf(name, channel, subject)) !== true,
    );
    const seq = this.#options.seqOf(index) + 1;
    if (news.length > 0) this.#options.missedBefore({ appId, endpoint, channel, subjects: news, seq });
  }

  #newcomers(received: ReceivedByName): readonly Newcomer[] {
    const newcomers: Newcomer[] = [];
    for (const [name, { appId, endpoint }] of this.#configured) {
      const before = received.get(name)?.selection;
      const isNew = before === undefined || !selectionContains(before, endpoint);
      if (isNew) newcomers.push({ name, appId, endpoint, before });
    }
    return newcomers;
  }

  #note(index: number, name: string, received: Received | undefined): void {
    const known = this.#received.get(index);
    if (received === undefined) known?.delete(name);
    else known?.set(name, received);
    const changes = this.#changes.get(index) ?? new Map<string, Received | undefined>();
    this.#changes.set(index, changes);
    changes.set(name, received);
  }

  /** Whether this node still owns the partition. */
  async #write(index: number, keys: PartitionKeys): Promise<boolean> {
    const changes = this.#changes.get(index);
    if (changes === undefined) return true;
    this.#changes.delete(index);
    try {
      return await writeReceived(this.#options, keys, index, changes);
    } catch (error) {
      const later = this.#changes.get(index) ?? [];
      this.#changes.set(index, new Map([...changes, ...later]));
      throw error;
    }
  }
}

/** Whether the endpoint selects both events of such a subject, and did not before. */
function isNews(
  subject: string,
  channel: ChannelName,
  after: Selection,
  before: Selection | undefined,
): boolean {
  const kind = subject === itself ? 'channel' : 'member';
  if (selectionAt(after, kind, channel) !== 'all') return false;
  return before === undefined || selectionAt(before, kind, channel) !== 'all';
}

function receivedAll({ eventTypes, channels }: Selection, unsureUntil: number | undefined): Received {
  return { selection: { eventTypes, channels }, unsureUntil };
}

function keyOf(name: string, channel: ChannelName, subject: string): string {
  return `${name}\n${channel}\n${subject}`;
}

function nameOf(appId: string, { id }: Endpoint): string {
  return `${appId}\n${id}`;
}
