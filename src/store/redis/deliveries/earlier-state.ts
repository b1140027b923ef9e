import type { Log } from '../../../ports/log.ts';
import type { ChannelName } from '../../../protocol/channel-name.ts';
import type { TurnBudget } from '../../../structures/turn-budget.ts';
import { selectionAt, selectionContains, type Endpoint, type Selection } from '../../../webhooks/endpoint.ts';
import { itself } from '../../../webhooks/last-sent.ts';
import type { PartitionKeys } from '../keys.ts';
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
}

/** An endpoint for which a partition was searched. */
interface Searched {
  readonly selection: Selection;
  /** The id of the last entry of the outbox at the end of the search; empty: there was none. */
  readonly last: string;
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
  /** By partition, then by name. */
  readonly #searched = new Map<number, Map<string, Searched>>();
  /** What must be noted, by partition and name. */
  readonly #changes = new Map<number, Map<string, Received | undefined>>();
  /** The partitions that must be examined. */
  readonly #due = new Set<number>();
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
    for (const [position, index] of indices.entries()) {
      this.#received.set(index, found[position] ?? new Map());
      if (found[position] === undefined) {
        for (const { name, endpoint } of this.#configured())
          this.#note(index, name, receivedAll(endpoint, 0));
      }
    }
    this.replaced();
  }

  /** Forgets everything, because this node owns no partition any more. */
  clear(): void {
    this.#received.clear();
    this.#searched.clear();
    this.#changes.clear();
    this.#due.clear();
  }

  /**
   * The configuration has changed. An endpoint that is not configured, or does not select some of what it selected, misses events from
   * now on.
   */
  replaced(): void {
    const endpoints = new Map(this.#configured().map(({ name, endpoint }) => [name, endpoint] as const));
    for (const [index, received] of this.#received) {
      for (const [name, { selection, unsureUntil }] of received) {
        const endpoint = endpoints.get(name);
        if (endpoint !== undefined && selectionContains(endpoint, selection)) continue;
        const isNarrower = endpoint !== undefined && selectionContains(selection, endpoint);
        this.#note(index, name, isNarrower ? receivedAll(endpoint, unsureUntil) : undefined);
      }
      const searched = this.#searched.get(index);
      for (const name of searched?.keys() ?? []) if (!endpoints.has(name)) searched?.delete(name);
      this.#due.add(index);
    }
  }

  /** Redis may have lost what was noted of a partition: notes it again. */
  storeAgain(index: number): void {
    for (const [name, received] of this.#received.get(index) ?? []) this.#note(index, name, received);
    if (this.#received.has(index)) this.#due.add(index);
  }

  /**
   * Whether the endpoint need not have received what preceded an event of a partition: that the subject was there, or that it was
   * not.
   */
  isUnsure(index: number, appId: string, endpoint: Endpoint, seq: number): boolean {
    const received = this.#received.get(index)?.get(nameOf(appId, endpoint));
    if (received === undefined || !selectionContains(received.selection, endpoint)) return true;
    return seq <= received.unsureUntil;
  }

  /** Searches what must be searched, unless a search is under way. What fails is tried again with the next call. */
  work(): void {
    if (this.#isWorking || this.#due.size === 0) return;
    this.#isWorking = true;
    void this.#examineAll().finally(() => (this.#isWorking = false));
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
    const { partitions, tokenOf, flush } = this.#options;
    const keys = partitions[index];
    const token = tokenOf(index);
    if (keys === undefined || token === 0) return true;
    const isCurrent = (): boolean => this.#received.get(index) === received && tokenOf(index) === token;
    const searched = this.#searched.get(index) ?? new Map<string, Searched>();
    this.#searched.set(index, searched);
    const newcomers = this.#newcomers(received);
    const unsearched = newcomers.filter(({ name, endpoint }) => {
      const earlier = searched.get(name);
      return earlier === undefined || !selectionContains(earlier.selection, endpoint);
    });
    if (!(await this.#search(index, keys, unsearched, isCurrent))) return false;
    if (unsearched.length > 0) {
      const [last] = await this.#options.link.commands.xrevrange(keys.outbox, '+', '-', 'COUNT', 1);
      if (!isCurrent()) return false;
      for (const { name, endpoint } of unsearched)
        searched.set(name, { selection: endpoint, last: last?.[0] ?? '' });
    }
    const done = newcomers.filter(({ name }) => this.#isTaken(index, searched.get(name)));
    // What they have missed must be kept before they count as having received everything.
    if (done.length > 0 && !(await flush())) return false;
    if (!isCurrent()) return false;
    for (const { name } of done) {
      const one = searched.get(name);
      searched.delete(name);
      // The configuration may have changed meanwhile.
      if (one !== undefined) this.#note(index, name, receivedAll(one.selection, this.#options.seqOf(index)));
    }
    await this.#write(index, keys);
    return done.length === newcomers.length;
  }

  /** Whether all entries that the outbox had at the end of a search were taken. */
  #isTaken(index: number, searched: Searched | undefined): boolean {
    if (searched === undefined) return false;
    const taken = this.#options.takenUntil(index);
    return taken !== undefined && (searched.last === '' || isAtOrAfter(taken, searched.last));
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
    { appId, endpoint, before }: Newcomer,
    { channel, subjects }: ReportedChannel,
  ): void {
    const news = subjects.filter((subject) => isNews(subject, channel, endpoint, before));
    const seq = this.#options.seqOf(index) + 1;
    if (news.length > 0) this.#options.missedBefore({ appId, endpoint, channel, subjects: news, seq });
  }

  #newcomers(received: ReceivedByName): readonly Newcomer[] {
    return this.#configured().flatMap(({ name, appId, endpoint }) => {
      const before = received.get(name)?.selection;
      const isNew = before === undefined || !selectionContains(before, endpoint);
      return isNew ? [{ name, appId, endpoint, before }] : [];
    });
  }

  #configured(): readonly Omit<Newcomer, 'before'>[] {
    return this.#options
      .applications()
      .flatMap(({ id, endpoints }) =>
        endpoints.map((endpoint) => ({ name: nameOf(id, endpoint), appId: id, endpoint })),
      );
  }

  #note(index: number, name: string, received: Received | undefined): void {
    const known = this.#received.get(index);
    if (received === undefined) known?.delete(name);
    else known?.set(name, received);
    const changes = this.#changes.get(index) ?? new Map<string, Received | undefined>();
    this.#changes.set(index, changes);
    changes.set(name, received);
  }

  async #write(index: number, keys: PartitionKeys): Promise<void> {
    const changes = this.#changes.get(index);
    if (changes === undefined) return;
    this.#changes.delete(index);
    try {
      await writeReceived(this.#options, keys, index, changes);
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

function receivedAll({ eventTypes, channels }: Selection, unsureUntil: number): Received {
  return { selection: { eventTypes, channels }, unsureUntil };
}

function nameOf(appId: string, { id }: Endpoint): string {
  return `${appId}\n${id}`;
}
