import type { Clock, Millis } from '../../ports/clock.ts';
import type { DeliveryStore, EventRef, KeptBatch, Settlement } from '../../ports/delivery-store.ts';
import type { LeadKeys, PartitionKeys } from './keys.ts';
import type { RedisLink } from './link.ts';

export interface DeliveriesOptions {
  readonly link: RedisLink;
  readonly clock: Clock;
  readonly lead: LeadKeys;
  readonly partitions: readonly PartitionKeys[];
  /** The present moment as the scripts are to take it; empty: Redis's own. */
  readonly present: () => string;
  /** The longest that an attempt takes. */
  readonly requestTimeoutMs: Millis;
  /** Somebody else has the right to dispatch: whatever is under way is theirs. */
  readonly superseded: () => void;
}

/** More than is settled while a write waits to be copied to a replica. */
const rememberedRefs = 10_000;

/** What was decided and is not yet known to be kept. */
interface Unsettled {
  /** The events that nobody waits for any more. */
  readonly last: readonly EventRef[];
  /** By partition: entry ids, each followed by the endpoint that is done with it, or by nothing: all are. */
  readonly marks: Map<number, string[]>;
  readonly batchId: string | undefined;
}

/**
 * Deliveries kept on Redis, by the one node that has the right to dispatch. Its token goes with everything
 * that it writes, so that it can do no harm once another node has a later one.
 */
export class RedisDeliveries implements DeliveryStore {
  readonly isShared = true;
  readonly #options: DeliveriesOptions;
  /** Events that were taken and are not settled by all. */
  readonly outstanding = new Set<EventRef>();
  /** The last that were settled for all. */
  readonly #done = new Set<EventRef>();
  #token = 0;
  /** Until then the right is this node's for certain. */
  #rightUntil: Millis = -Infinity;
  #unsettled: Unsettled[] = [];
  #settling: Promise<boolean> | undefined;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  get token(): number {
    return this.#token;
  }

  /** The right to dispatch was claimed or kept. */
  allow(token: number, until: Millis): void {
    this.#token = token;
    this.#rightUntil = until;
  }

  /** The right is not this node's any more. */
  forbid(): void {
    this.#rightUntil = -Infinity;
    this.#unsettled = [];
    this.outstanding.clear();
    this.#done.clear();
  }

  /**
   * Whether the event was taken already. If it was settled, and is there again because Redis has lost that, it is settled
   * again: delivered once more it would come after younger ones.
   */
  knows(ref: EventRef): boolean {
    if (this.outstanding.has(ref)) return true;
    if (!this.#done.has(ref)) return false;
    this.settle({ appId: '', endpointId: '', batchId: undefined, events: [{ ref, isLast: true }] });
    return true;
  }

  mayAttempt(): boolean {
    return this.#options.clock.now() + this.#options.requestTimeoutMs < this.#rightUntil;
  }

  async keep(batch: KeptBatch): Promise<boolean> {
    const { id, ...rest } = batch;
    // A batch that is kept implies that the one which had its channels before is settled.
    if (!(await this.flush())) return false;
    return this.#write(id, JSON.stringify(rest), 1, 0);
  }

  postpone(batchId: string, attempts: number, delayMs: Millis): void {
    void this.#write(batchId, '', attempts, delayMs);
  }

  settle({ endpointId, batchId, events }: Settlement): void {
    const marks = new Map<number, string[]>();
    for (const { ref, isLast } of events) {
      const { partition, id } = parseRef(ref);
      const known = marks.get(partition) ?? [];
      known.push(id, isLast ? '' : endpointId);
      marks.set(partition, known);
    }
    const last = events.flatMap(({ ref, isLast }) => (isLast ? ref : []));
    this.#unsettled.push({ last, marks, batchId });
    void this.flush();
  }

  /** Writes what was decided. Resolves with whether all of it is kept. */
  async flush(): Promise<boolean> {
    while (this.#unsettled.length > 0) {
      this.#settling ??= this.#flushOnce().finally(() => {
        this.#settling = undefined;
      });
      if (!(await this.#settling)) return false;
    }
    return true;
  }

  async #flushOnce(): Promise<boolean> {
    // What is decided in this turn goes together.
    await Promise.resolve();
    const settling = Array.from(this.#unsettled);
    const marks = new Map<number, string[]>();
    for (const one of settling) {
      for (const [partition, list] of one.marks) {
        marks.set(partition, [...(marks.get(partition) ?? []), ...list]);
      }
    }
    try {
      const done = await Promise.all([...marks].map(([partition, list]) => this.#mark(partition, list)));
      if (done.includes(false)) return this.#superseded();
      // Only then: a batch that is still kept is delivered again, under the same id.
      for (const { batchId } of settling) if (batchId !== undefined) void this.#write(batchId, '', 0, 0);
      // Until then the stream has them still, and they are not to be taken from it again.
      for (const { last } of settling) for (const ref of last) this.#forget(ref);
      const written = new Set(settling);
      this.#unsettled = this.#unsettled.filter((one) => !written.has(one));
      return true;
    } catch {
      return false;
    }
  }

  #forget(ref: EventRef): void {
    this.outstanding.delete(ref);
    this.#done.add(ref);
    for (const oldest of this.#done) {
      if (this.#done.size <= rememberedRefs) break;
      this.#done.delete(oldest);
    }
  }

  async #mark(partition: number, list: readonly string[]): Promise<boolean> {
    const keys = this.#options.partitions[partition];
    if (keys === undefined) return true;
    const [isMine] = await this.#options.link.run(
      'settle',
      [keys.fence, keys.outbox, keys.settled],
      [this.#token, ...list],
    );
    return isMine === 1;
  }

  async #write(id: string, batch: string, attempts: number, delayMs: Millis): Promise<boolean> {
    const { link, lead, present } = this.#options;
    try {
      const [isMine] = await link.run(
        'keep',
        [lead.lead, lead.batches, lead.attempts],
        [present(), this.#token, id, batch, attempts, Math.ceil(delayMs)],
      );
      return isMine === 0 ? this.#superseded() : isMine === 1;
    } catch {
      return false;
    }
  }

  #superseded(): false {
    this.#options.superseded();
    return false;
  }
}

/** A ref names a partition and an entry of its stream. */
export function formatRef(partition: number, id: string): EventRef {
  return `${partition}:${id}`;
}

export function parseRef(ref: EventRef): { readonly partition: number; readonly id: string } {
  const [partition = '', id = ''] = ref.split(':');
  return { partition: Number(partition), id };
}
