import { checkedChannelName } from '../../../protocol/channel-name.ts';
import {
  anyChannel,
  type DebtKeeper,
  type DebtPlace,
  type KeptDebt,
  type KeptSubject,
  type ReadDebt,
  type Received,
} from '../../../webhooks/debt-keeper.ts';
import { parse } from '../channels/kept.ts';
import { partitionOf, type PartitionKeys } from '../keys.ts';
import type { RedisLink } from '../link/link.ts';

/** What keeping debts needs. */
export interface RedisDebtsOptions {
  readonly link: Pick<RedisLink, 'run' | 'commands'>;
  readonly partitions: readonly PartitionKeys[];
  /** The token of this node's right to a partition. */
  readonly tokenOf: (partition: number) => number;
  /** Something must be written soon. */
  readonly changed: () => void;
}

/** A debt of an endpoint, as it is kept. */
export interface OwedDebt {
  readonly appId: string;
  readonly endpointId: string;
  readonly debt: KeptDebt;
}

/** A debt that has changed since it was last written. */
interface ChangedDebt {
  readonly place: DebtPlace;
  readonly read: ReadDebt;
  /** Undefined: all of them. */
  readonly subjects: Set<string> | undefined;
}

/** The field of a debt that concerns the channel as a whole. */
const flags = 'flags';

/** How many debts are read at a time. */
const pageSize = 1000;

/**
 * What endpoints have missed of the channels of this node's partitions. It is written before the events that were dropped are
 * settled. So a node that takes over a partition knows of each of them that it was dropped, or takes it again.
 */
export class RedisDebts implements DebtKeeper {
  readonly #options: RedisDebtsOptions;
  /** By partition and name. */
  #changed = new Map<number, Map<string, ChangedDebt>>();

  constructor(options: RedisDebtsOptions) {
    this.#options = options;
  }

  /** Whether something must be written. */
  get areChanged(): boolean {
    return this.#changed.size > 0;
  }

  changed(place: DebtPlace, read: ReadDebt, subject?: string): void {
    const subjects = subject === undefined ? undefined : new Set([subject]);
    this.#note(this.#partitionOf(place), { place, read, subjects });
  }

  overflowed(place: DebtPlace, seq: number): void {
    const channel = anyChannel;
    const read: ReadDebt = () => ({ channel, isPartial: true, partialSeq: seq, vacatedSeq: 0, told: [] });
    this.#note(this.#partitionOf(place), { place: { ...place, channel }, read, subjects: undefined });
  }

  /** What endpoints have received is noted by `EarlierState`, so this concerns only one that does not exist any more. */
  received(appId: string, endpointId: string, received: Received | undefined): void {
    if (received !== undefined) return;
    const place = { appId, endpointId, channel: anyChannel };
    for (const index of this.#options.partitions.keys()) {
      if (this.#options.tokenOf(index) === 0) continue;
      this.#note(index, { place, read: () => undefined, subjects: undefined });
    }
  }

  /** Forgets what is not written yet. */
  clear(): void {
    this.#changed.clear();
  }

  /** Writes everything that has changed so far. Resolves with whether this node still owns the partitions. Rejects if Redis does not answer. */
  async write(): Promise<boolean> {
    const changed = this.#changed;
    this.#changed = new Map();
    try {
      const done = await Promise.all([...changed].map(([index, debts]) => this.#write(index, debts)));
      return !done.includes(false);
    } catch (error) {
      const later = this.#changed;
      this.#changed = changed;
      for (const [index, debts] of later) for (const one of debts.values()) this.#add(index, one);
      throw error;
    }
  }

  /** Reads the debts of these partitions. Undefined if `mayContinue` says that this node must stop. */
  async read(
    indices: readonly number[],
    mayContinue: () => Promise<boolean>,
  ): Promise<readonly OwedDebt[] | undefined> {
    const { link, partitions } = this.#options;
    const listed = indices.map(async (index) => {
      const keys = partitions[index];
      const names = keys === undefined ? {} : await link.commands.hgetall(keys.debts);
      return Object.entries(names).map(([name, state]) => ({ name, state, key: keys?.debt(name) ?? '' }));
    });
    const debts = (await Promise.all(listed)).flat();
    const found: OwedDebt[] = [];
    for (let start = 0; start < debts.length; start += pageSize) {
      if (!(await mayContinue())) return undefined;
      const page = debts.slice(start, start + pageSize);
      const fields = await Promise.all(page.map(({ key }) => link.commands.hgetall(key)));
      for (const [position, { name, state }] of page.entries()) {
        const [appId = '', endpointId = '', channel = ''] = name.split('\n');
        const debt = parseDebt(channel, fields[position] ?? {}, state === 'asked');
        found.push({ appId, endpointId, debt });
      }
    }
    return found;
  }

  #partitionOf({ appId, channel }: DebtPlace): number {
    return partitionOf(appId, channel, this.#options.partitions.length);
  }

  #note(index: number, changed: ChangedDebt): void {
    const isFirst = !this.areChanged;
    this.#add(index, changed);
    if (isFirst) this.#options.changed();
  }

  #add(index: number, { place, read, subjects }: ChangedDebt): void {
    const debts = this.#changed.get(index) ?? new Map<string, ChangedDebt>();
    this.#changed.set(index, debts);
    const name = `${place.appId}\n${place.endpointId}\n${place.channel}`;
    const earlier = debts.get(name);
    if (earlier?.subjects === undefined || subjects === undefined) {
      debts.set(name, { place, read, subjects: earlier === undefined ? subjects : undefined });
    } else for (const subject of subjects) earlier.subjects.add(subject);
  }

  async #write(index: number, debts: ReadonlyMap<string, ChangedDebt>): Promise<boolean> {
    const { link, partitions, tokenOf } = this.#options;
    const keys = partitions[index];
    if (keys === undefined) return true;
    const args = [...debts].flatMap(([name, { read, subjects }]) => {
      const debt = read(subjects);
      const fields = debt === undefined ? [] : fieldsOf(debt, subjects);
      const isReplaced = debt === undefined || subjects === undefined;
      return [name, isReplaced ? 1 : 0, fields.length / 2, ...fields];
    });
    const names = Array.from(debts.keys(), (name) => keys.debt(name));
    const [isMine] = await link.run('owe', [keys.fence, keys.debts, ...names], [tokenOf(index), ...args]);
    return isMine === 1;
  }
}

/** The fields to be written, each followed by its value. */
function fieldsOf(
  { isPartial, partialSeq = 0, vacatedSeq = 0, told }: KeptDebt,
  subjects: ReadonlySet<string> = new Set(),
): readonly string[] {
  const values = new Map(Array.from(subjects, (subject) => [`=${subject}`, '']));
  for (const [subject, ...sent] of told) values.set(`=${subject}`, JSON.stringify(sent));
  return [flags, JSON.stringify([isPartial, partialSeq, vacatedSeq]), ...[...values].flat()];
}

function parseDebt(
  channel: string,
  { [flags]: ofChannel = '', ...subjects }: Readonly<Record<string, string>>,
  isRequested: boolean,
): KeptDebt {
  const [isPartial = true, partialSeq = 0, vacatedSeq = 0] = listOf(ofChannel);
  const told = Object.entries(subjects).map(([name, text]): KeptSubject => {
    const [isThere, seq = 0, lastSeq, mayKnowMore] = listOf(text);
    const known = typeof isThere === 'boolean' ? isThere : null;
    const sent = [name.slice(1), known, Number(seq), Number(lastSeq ?? seq)] as const;
    return mayKnowMore === true ? [...sent, true] : sent;
  });
  return {
    channel: checkedChannelName(channel),
    isPartial: isPartial !== false,
    partialSeq: Number(partialSeq),
    vacatedSeq: Number(vacatedSeq),
    isRequested,
    told,
  };
}

function listOf(json: string): readonly unknown[] {
  const value = parse(json);
  return Array.isArray(value) ? value : [];
}
