import type { PartitionKeys } from '../keys.ts';
import type { RedisLink } from '../link/link.ts';

/** An entry of a stream. */
export type StreamEntry = readonly [id: string, fields: string[]];

/** Entries of a stream are read in portions. */
const portion = 1000;

/** Reads the outboxes of all partitions, each from where it was read last. */
export class OutboxReader {
  readonly #link: Pick<RedisLink, 'commands'>;
  readonly #partitions: readonly PartitionKeys[];
  /** By partition, the last entry that was read. */
  readonly #cursors: { after: string }[];

  constructor(link: Pick<RedisLink, 'commands'>, partitions: readonly PartitionKeys[]) {
    this.#link = link;
    this.#partitions = partitions;
    this.#cursors = partitions.map(() => ({ after: '0-0' }));
  }

  /** This outbox is read from its beginning the next time. A read under way does not change that. */
  rewind(index: number): void {
    this.#cursors[index] = { after: '0-0' };
  }

  rewindAll(): void {
    for (const index of this.#partitions.keys()) this.rewind(index);
  }

  /** The entries since the last read, but for those that are known when they arrive. */
  async read(index: number, isKnown: (id: string) => boolean): Promise<readonly StreamEntry[]> {
    const key = this.#partitions[index]?.outbox;
    const cursor = this.#cursors[index];
    if (key === undefined || cursor === undefined) return [];
    const unknown: StreamEntry[] = [];
    for (let { after } = cursor; ;) {
      const entries = await this.#link.commands.xrange(key, `(${after}`, '+', 'COUNT', portion);
      after = entries.at(-1)?.[0] ?? after;
      // Now: what is settled while more is read must not be taken for new.
      unknown.push(...entries.filter(([id]) => !isKnown(id)));
      if (entries.length === portion) continue;
      cursor.after = after;
      return unknown;
    }
  }
}
