import type { PartitionKeys } from '../keys.ts';
import type { RedisLink } from '../link/link.ts';

/** How far the owner of a partition has taken its outbox. */
export interface OutboxPosition {
  /** The token of its right to the partition. */
  readonly token: number;
  /** The id of an entry: this one and all before were taken. */
  readonly takenUntil: string;
}

/** An entry of a stream. */
export type StreamEntry = readonly [id: string, fields: string[]];

/** How many entries of a stream are read at a time. */
const pageSize = 1000;

/** A position in an outbox. */
interface OutboxCursor {
  /** The id of the entry that was read last. */
  after: string;
  /** The id of the last entry that was taken: this one and all before are known. Undefined: it is not known which are. */
  taken: string | undefined;
}

/** Reads the outboxes of all partitions, each from where the last read ended. */
export class OutboxReader {
  readonly #link: Pick<RedisLink, 'commands' | 'isCluster'>;
  readonly #partitions: readonly PartitionKeys[];
  /** By partition. */
  readonly #cursors: OutboxCursor[];

  constructor(link: Pick<RedisLink, 'commands' | 'isCluster'>, partitions: readonly PartitionKeys[]) {
    this.#link = link;
    this.#partitions = partitions;
    this.#cursors = partitions.map(startCursor);
  }

  /** Makes the next read start from the beginning of this outbox. A read under way does not change that. */
  rewind(index: number): void {
    this.#cursors[index] = startCursor();
  }

  rewindAll(): void {
    for (const index of this.#partitions.keys()) this.rewind(index);
  }

  /**
   * Returns those of the partitions that may have entries since the last read, or of which it is not known which entries were taken. With a
   * single server it takes one command to find them.
   */
  async withEntries(indices: readonly number[]): Promise<readonly number[]> {
    const { isCluster, commands } = this.#link;
    if (isCluster || indices.length === 0) return indices;
    const keys = indices.map((index) => this.#partitions[index]?.outbox ?? '');
    const after = indices.map((index) => this.#cursors[index]?.after ?? '0-0');
    const found = await commands.xread('COUNT', 1, 'STREAMS', ...keys, ...after);
    const names = new Set(found?.map(([key]) => key));
    return indices.filter(
      (index, position) => names.has(keys[position] ?? '') || this.takenUntil(index) === undefined,
    );
  }

  /** The id of the last entry of which it is certain that it and all before it were taken; undefined if that is unknown. */
  takenUntil(index: number): string | undefined {
    return this.#cursors[index]?.taken;
  }

  /**
   * Reads the entries since the last read, except those that are known when they arrive. Call `taken` with the id of each entry
   * that is taken, and without an id once all of them are.
   */
  async read(
    index: number,
    isKnown: (id: string) => boolean,
  ): Promise<{ readonly entries: readonly StreamEntry[]; readonly taken: (id?: string) => void }> {
    const key = this.#partitions[index]?.outbox;
    const cursor = this.#cursors[index];
    if (key === undefined || cursor === undefined) return { entries: [], taken: () => {} };
    const unknown: StreamEntry[] = [];
    for (let { after } = cursor; ;) {
      const entries = await this.#link.commands.xrange(key, `(${after}`, '+', 'COUNT', pageSize);
      after = entries.at(-1)?.[0] ?? after;
      // Filter immediately: an entry that is settled during a later read must not count as new.
      unknown.push(...entries.filter(([id]) => !isKnown(id)));
      if (entries.length === pageSize) continue;
      cursor.after = after;
      const isComplete = cursor.taken !== undefined;
      return {
        entries: unknown,
        taken(id) {
          // Before the first read is over, unknown entries may be between known ones.
          if (id === undefined) cursor.taken = after;
          else if (isComplete) cursor.taken = id;
        },
      };
    }
  }
}

function startCursor(): OutboxCursor {
  return { after: '0-0', taken: undefined };
}
