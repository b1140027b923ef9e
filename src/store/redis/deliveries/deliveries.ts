import type { Clock, Millis } from '../../../ports/clock.ts';
import type { DeliveryStore, EventRef, KeptBatch, Settlement } from '../../../ports/delivery-store.ts';
import type { LeadKeys, PartitionKeys } from '../keys.ts';
import type { RedisLink } from '../link/link.ts';
import { parseRef } from './refs.ts';
import { noRights, type Rights } from './rights.ts';

export interface DeliveriesOptions {
  readonly link: RedisLink;
  readonly clock: Clock;
  readonly lead: LeadKeys;
  readonly partitions: readonly PartitionKeys[];
  /** By which this node is known among those that dispatch. */
  readonly nodeId: string;
  /** The present moment as the scripts are to take it; empty: Redis's own. */
  readonly present: () => string;
  /** The longest that an attempt takes. */
  readonly requestTimeoutMs: Millis;
  /** Somebody else has the right to something of this: whatever is under way is theirs. */
  readonly superseded: () => void;
}

/** More than is settled while a write waits to be copied to a replica. */
const rememberedRefs = 10_000;

/** An attempt that begins so long after its batch was kept at the latest has a known end. */
const promptMs: Millis = 500;

/** What was decided and is not yet known to be kept. */
interface Unsettled {
  /** The events that nobody waits for any more. */
  readonly last: readonly EventRef[];
  /** By partition: entry ids, each followed by the endpoint that is done with it, or by nothing: all are. */
  readonly marks: Map<number, string[]>;
  readonly batchId: string | undefined;
}

/** A batch is tried again, which is not known to be kept yet. */
interface Postponement {
  readonly attempts: number;
  readonly at: Millis;
  /** Undefined: it could not be kept so far. */
  writing: Promise<boolean> | undefined;
}

/**
 * Deliveries kept on Redis, by a node that has the right to some of the partitions. Its tokens go with everything
 * that it writes, so that it can do no harm once another node has later ones.
 */
export class RedisDeliveries implements DeliveryStore {
  readonly isShared = true;
  readonly #options: DeliveriesOptions;
  /** Events that were taken and are not settled by all. */
  readonly outstanding = new Set<EventRef>();
  /** The last that were settled for all. */
  readonly #done = new Set<EventRef>();
  #rights: Rights = noRights;
  /** Until then the rights are this node's for certain. */
  #rightUntil: Millis = -Infinity;
  #unsettled: Unsettled[] = [];
  #settling: Promise<boolean> | undefined;
  /** Batches that wait for another attempt, and what they hold. */
  readonly #waiting = new Map<string, readonly EventRef[]>();
  /** Those of which it is not known yet that this is kept. */
  readonly #unwritten = new Map<string, Postponement>();
  /** What batches hold that were kept, and of which no attempt has failed. */
  readonly #begun = new Map<string, readonly EventRef[]>();

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  /** The rights were claimed or kept. */
  allow(rights: Rights, until: Millis): void {
    this.#rights = rights;
    this.#rightUntil = until;
  }

  /** No right is this node's any more. */
  forbid(): void {
    this.#rightUntil = -Infinity;
    this.#unsettled = [];
    this.#unwritten.clear();
    this.forget();
  }

  /** The machine that took events and batches has ended. What it decided is still to be written. */
  forget(): void {
    this.outstanding.clear();
    this.#done.clear();
    this.#waiting.clear();
    this.#begun.clear();
  }

  /** The token of this node's right to a partition; 0: it has none. */
  tokenOf(partition: number): number {
    return this.#rights.partitions.get(partition)?.token ?? 0;
  }

  /** The partitions of each batch that waits for another attempt; with `isHalted` also of those whose attempts have not ended. */
  *ties(isHalted: boolean): Generator<readonly number[]> {
    const partitionsOf = (refs: readonly EventRef[]) => refs.map((ref) => parseRef(ref).partition);
    for (const refs of this.#waiting.values()) yield partitionsOf(refs);
    if (isHalted) for (const refs of this.#begun.values()) yield partitionsOf(refs);
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
    const now = this.#options.clock.now();
    if (now >= this.#rightUntil) return false;
    // Whoever takes over would not know that another attempt had begun.
    for (const { at } of this.#unwritten.values()) if (at <= now) return false;
    return true;
  }

  /** Goes on with a batch that was kept before. */
  restored(batch: KeptBatch): void {
    this.#waiting.set(batch.id, batch.refs);
  }

  async keep(batch: KeptBatch): Promise<boolean> {
    const { clock, requestTimeoutMs } = this.#options;
    const { id, ...rest } = batch;
    // A batch that is kept implies that the one which had its channels before is settled.
    if (!(await this.flush())) return false;
    const askedAt = clock.now();
    const endsInMs = promptMs + requestTimeoutMs;
    const isKept = await this.#write(id, { batch: JSON.stringify(rest), attempts: 1, delayMs: 0, endsInMs });
    if (!isKept) return false;
    this.#begun.set(id, batch.refs);
    if (clock.now() - askedAt <= promptMs) return true;
    // The attempt would last longer than was said.
    return await this.#write(id, { attempts: 1, delayMs: 0 });
  }

  postpone(batchId: string, attempts: number, delayMs: Millis): void {
    const refs = this.#begun.get(batchId);
    if (refs !== undefined) this.#waiting.set(batchId, refs);
    this.#begun.delete(batchId);
    const at = this.#options.clock.now() + delayMs;
    const postponement: Postponement = { attempts, at, writing: undefined };
    this.#unwritten.set(batchId, postponement);
    void this.#postpone(batchId, postponement);
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
    if (batchId !== undefined) this.#drop(batchId);
    void this.flush();
  }

  /** Writes what was decided. Resolves with whether all of it is kept. */
  async flush(): Promise<boolean> {
    for (const [id, postponement] of this.#unwritten) {
      if (!(await (postponement.writing ?? this.#postpone(id, postponement)))) return false;
    }
    while (this.#unsettled.length > 0) {
      this.#settling ??= this.#flushOnce().finally(() => {
        this.#settling = undefined;
      });
      if (!(await this.#settling)) return false;
    }
    return true;
  }

  #drop(batchId: string): void {
    this.#waiting.delete(batchId);
    this.#begun.delete(batchId);
    this.#unwritten.delete(batchId);
  }

  async #postpone(id: string, postponement: Postponement): Promise<boolean> {
    const { attempts, at } = postponement;
    postponement.writing = this.#write(id, { attempts, delayMs: at - this.#options.clock.now() });
    const isKept = await postponement.writing;
    postponement.writing = undefined;
    if (isKept && this.#unwritten.get(id) === postponement) this.#unwritten.delete(id);
    return isKept;
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
      for (const { batchId } of settling) if (batchId !== undefined) void this.#forgetBatch(batchId);
      // Until then the stream has them still, and they are not to be taken from it again.
      for (const { last } of settling) for (const ref of last) this.#settled(ref);
      const written = new Set(settling);
      this.#unsettled = this.#unsettled.filter((one) => !written.has(one));
      return true;
    } catch {
      return false;
    }
  }

  #settled(ref: EventRef): void {
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
      [this.tokenOf(partition), ...list],
    );
    return isMine === 1;
  }

  async #forgetBatch(id: string): Promise<void> {
    await this.#write(id, { attempts: 0, delayMs: 0 });
  }

  async #write(
    id: string,
    { batch = '', attempts, delayMs, endsInMs = 0 }: KeptAttempts & { readonly batch?: string },
  ): Promise<boolean> {
    const { link, lead, nodeId, present } = this.#options;
    try {
      const [isMine] = await link.run(
        'keep',
        [lead.lead, lead.batches, lead.attempts],
        [present(), nodeId, this.#rights.token, id, batch, attempts, Math.ceil(delayMs), endsInMs],
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

/** What is kept of a batch's attempts. */
interface KeptAttempts {
  /** So many have begun; 0: the batch is forgotten. */
  readonly attempts: number;
  /** Until the next. */
  readonly delayMs: Millis;
  /** Within that the first has ended; 0: that is not known. */
  readonly endsInMs?: Millis;
}
