import type { PartitionKeys } from '../keys.ts';
import type { RedisLink } from '../link/link.ts';

/** An entry of a stream. */
export type StreamEntry = readonly [id: string, fields: string[]];

/** How many entries of a stream are read at a time. */
const pageSize = 1000;

/** Reads the outboxes of all partitions, each from where the last read ended. */
export class OutboxReader {
  readonly #link: Pick<RedisLink, 'commands' | 'isCluster'>;
  readonly #partitions: readonly PartitionKeys[];
  /** By partition: the id of the entry that was read last. */
  readonly #cursors: { after: string }[];

  constructor(link: Pick<RedisLink, 'commands' | 'isCluster'>, partitions: readonly PartitionKeys[]) {
    this.#link = link;
    this.#partitions = partitions;
    this.#cursors = partitions.map(() => ({ after: '0-0' }));
  }

  /** Makes the next read start from the beginning of this outbox. A read under way does not change that. */
  rewind(index: number): void {
    this.#cursors[index] = { after: '0-0' };
  }

  rewindAll(): void {
    for (const index of this.#partitions.keys()) this.rewind(index);
  }

  /** Returns those of the partitions that may have entries since the last read. With a single server it takes one command to find them. */
  async withEntries(indices: readonly number[]): Promise<readonly number[]> {
    const { isCluster, commands } = this.#link;
    if (isCluster || indices.length === 0) return indices;
    const keys = indices.map((index) => this.#partitions[index]?.outbox ?? '');
    const after = indices.map((index) => this.#cursors[index]?.after ?? '0-0');
    const found = await commands.xread('COUNT', 1, 'STREAMS', ...keys, ...after);
    const names = new Set(found?.map(([key]) => key));
    return indices.filter((_, position) => names.has(keys[position] ?? ''));
  }

  /** Reads the entries since the last read, except those that are known when they arrive. */
  async read(index: number, isKnown: (id: string) => boolean): Promise<readonly StreamEntry[]> {
    const key = this.#partitions[index]?.outbox;
    const cursor = this.#cursors[index];
    if (key === undefined || cursor === undefined) return [];
    const unknown: StreamEntry[] = [];
    for (let { after } = cursor; ;) {
      const entries = await this.#link.commands.xrange(key, `(${after}`, '+', 'COUNT', pageSize);
      after = entries.at(-1)?.[0] ?? after;
      // Filter immediately: an entry that is settled during a later read must not count as new.
      unknown.push(...entries.filter(([id]) => !isKnown(id)));
      if (entries.length === pageSize) continue;
      cursor.after = after;
      return unknown;
    }
  }
}
