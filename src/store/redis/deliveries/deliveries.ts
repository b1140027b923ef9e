import type { Clock, Millis } from '../../../ports/clock.ts';
import type { DeliveryStore, EventRef, KeptBatch, Settlement } from '../../../ports/delivery-store.ts';
import type { LeadKeys, PartitionKeys } from '../keys.ts';
import type { RedisLink } from '../link/link.ts';
import { RedisDebts } from './debts.ts';
import { parseRef } from './refs.ts';
import { noRights, type Rights } from './rights.ts';

export interface DeliveriesOptions {
  readonly link: RedisLink;
  readonly clock: Clock;
  readonly lead: LeadKeys;
  readonly partitions: readonly PartitionKeys[];
  /** The id of this node among the dispatching nodes. */
  readonly nodeId: string;
  /** The present moment that scripts must use (tests set it); empty: the time of the Redis server. */
  readonly present: () => string;
  /** The longest time that an attempt takes. */
  readonly requestTimeoutMs: Millis;
  /** Another node now owns something that this node was working on. All work under way belongs to that node. */
  readonly superseded: () => void;
}

/** More refs than are ever settled while a write still waits to be copied to a replica. */
const maxRememberedRefs = 10_000;

/** If an attempt starts within this time after the request to keep its batch, the kept end of the attempt is right. */
const maxKeepDelayMs: Millis = 500;

/** Settlements that are decided but not yet known to be kept. */
interface Unsettled {
  /** Events that no endpoint waits for any more. */
  readonly last: readonly EventRef[];
  /** By partition: entry ids, each followed by the endpoint that is done with it, or by '' if all endpoints are done. */
  readonly marks: Map<number, string[]>;
  readonly batchId: string | undefined;
}

/** A retry of a batch that is not yet known to be kept. */
interface PendingRetry {
  readonly attempts: number;
  readonly at: Millis;
  /** The write under way; undefined: the last one failed. */
  writing: Promise<boolean> | undefined;
}

/**
 * The delivery store of a node that owns some of the partitions. Every write carries the node's tokens, so that its writes
 * are refused once another node has later tokens.
 */
export class RedisDeliveries implements DeliveryStore {
  readonly isShared = true;
  readonly #options: DeliveriesOptions;
  /** Events that were taken and that not all endpoints have settled. */
  readonly outstanding = new Set<EventRef>();
  /** What endpoints have missed. */
  readonly debts: RedisDebts;
  /** The events that were settled for all endpoints last. */
  readonly #done = new Set<EventRef>();
  #rights: Rights = noRights;
  /** Until this moment this node certainly owns its partitions. */
  #rightsEndAt: Millis = -Infinity;
  #unsettled: Unsettled[] = [];
  #settling: Promise<boolean> | undefined;
  /** The events of each batch that waits for another attempt. */
  readonly #waiting = new Map<string, readonly EventRef[]>();
  /** Those of them whose retry is not yet known to be kept. */
  readonly #pendingRetries = new Map<string, PendingRetry>();
  /** The events of each kept batch whose first attempt has not failed. */
  readonly #inFirstAttempt = new Map<string, readonly EventRef[]>();

  constructor(options: DeliveriesOptions) {
    this.#options = options;
    this.debts = new RedisDebts({
      ...options,
      tokenOf: (partition) => this.tokenOf(partition),
      changed: () => void this.flush(),
    });
  }

  /** This node has claimed or renewed its rights. */
  grantRights(rights: Rights, until: Millis): void {
    this.#rights = rights;
    this.#rightsEndAt = until;
  }

  /** This node has no rights any more. */
  revokeRights(): void {
    this.#rightsEndAt = -Infinity;
    this.#unsettled = [];
    this.#pendingRetries.clear();
    this.debts.clear();
    this.reset();
  }

  /** The dispatcher that took events and batches has stopped. Its decisions are still written. */
  reset(): void {
    this.outstanding.clear();
    this.#done.clear();
    this.#waiting.clear();
    this.#inFirstAttempt.clear();
  }

  /** The token of this node's right to a partition; 0 if it does not own the partition. */
  tokenOf(partition: number): number {
    return this.#rights.partitions.get(partition)?.token ?? 0;
  }

  /** The partitions of each batch that waits for another attempt. With `isHalted`, also of batches whose attempts have not ended. */
  *ties(isHalted: boolean): Generator<readonly number[]> {
    const partitionsOf = (refs: readonly EventRef[]) => refs.map((ref) => parseRef(ref).partition);
    for (const refs of this.#waiting.values()) yield partitionsOf(refs);
    if (isHalted) for (const refs of this.#inFirstAttempt.values()) yield partitionsOf(refs);
  }

  /**
   * Whether the event was taken already. If it was settled, but Redis lost that and still has the event, it is settled again:
   * a second delivery would follow younger events.
   */
  knows(ref: EventRef): boolean {
    if (this.outstanding.has(ref)) return true;
    if (!this.#done.has(ref)) return false;
    this.settle({ appId: '', endpointId: '', batchId: undefined, events: [{ ref, isLast: true }] });
    return true;
  }

  mayAttempt(): boolean {
    const now = this.#options.clock.now();
    if (now >= this.#rightsEndAt) return false;
    // A node that takes over would not know that another attempt has started.
    for (const { at } of this.#pendingRetries.values()) if (at <= now) return false;
    return true;
  }

  /** A batch that was kept before is resumed. */
  restored(batch: KeptBatch): void {
    this.#waiting.set(batch.id, batch.refs);
  }

  async keep(batch: KeptBatch): Promise<boolean> {
    const { clock, requestTimeoutMs } = this.#options;
    const { id, ...rest } = batch;
    // A kept batch implies that the previous batch with the same channels is settled.
    if (!(await this.flush())) return false;
    const startedAt = clock.now();
    const endsInMs = maxKeepDelayMs + requestTimeoutMs;
    const isKept = await this.#write(id, { batch: JSON.stringify(rest), attempts: 1, delayMs: 0, endsInMs });
    if (!isKept) return false;
    this.#inFirstAttempt.set(id, batch.refs);
    if (clock.now() - startedAt <= maxKeepDelayMs) return true;
    // The attempt would end later than the kept record says.
    return await this.#write(id, { attempts: 1, delayMs: 0 });
  }

  postpone(batchId: string, attempts: number, delayMs: Millis): void {
    const refs = this.#inFirstAttempt.get(batchId);
    if (refs !== undefined) this.#waiting.set(batchId, refs);
    this.#inFirstAttempt.delete(batchId);
    const at = this.#options.clock.now() + delayMs;
    const retry: PendingRetry = { attempts, at, writing: undefined };
    this.#pendingRetries.set(batchId, retry);
    void this.#writeRetry(batchId, retry);
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

  /** Writes all decisions, and waits for those that are being written. Resolves with whether all of them are kept. */
  async flush(): Promise<boolean> {
    for (const [id, retry] of this.#pendingRetries) {
      if (!(await (retry.writing ?? this.#writeRetry(id, retry)))) return false;
    }
    while (this.#settling !== undefined || this.#unsettled.length > 0 || this.debts.areChanged) {
      this.#settling ??= this.#flushOnce().finally(() => {
        this.#settling = undefined;
      });
      if (!(await this.#settling)) return false;
    }
    return true;
  }

  #drop(batchId: string): void {
    this.#waiting.delete(batchId);
    this.#inFirstAttempt.delete(batchId);
    this.#pendingRetries.delete(batchId);
  }

  async #writeRetry(id: string, retry: PendingRetry): Promise<boolean> {
    const { attempts, at } = retry;
    retry.writing = this.#write(id, { attempts, delayMs: at - this.#options.clock.now() });
    const isKept = await retry.writing;
    retry.writing = undefined;
    if (isKept && this.#pendingRetries.get(id) === retry) this.#pendingRetries.delete(id);
    return isKept;
  }

  async #flushOnce(): Promise<boolean> {
    // Write all decisions of this turn together.
    await Promise.resolve();
    const settling = Array.from(this.#unsettled);
    const marks = new Map<number, string[]>();
    for (const one of settling) {
      for (const [partition, list] of one.marks) {
        marks.set(partition, [...(marks.get(partition) ?? []), ...list]);
      }
    }
    try {
      // A node that takes over must not find an event settled that was dropped, and not know of it.
      if (this.debts.areChanged && !(await this.debts.write())) return this.#superseded();
      const done = await Promise.all([...marks].map(([partition, list]) => this.#mark(partition, list)));
      if (done.includes(false)) return this.#superseded();
      // Forget batches only after their events are settled: a batch that is still kept is delivered again under the same id.
      for (const { batchId } of settling) if (batchId !== undefined) void this.#forgetBatch(batchId);
      // The stream had these events until now, so they had to stay known.
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
      if (this.#done.size <= maxRememberedRefs) break;
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

/** The kept state of a batch's attempts. */
interface KeptAttempts {
  /** How many attempts have started; 0: forget the batch. */
  readonly attempts: number;
  /** The time until the next attempt. */
  readonly delayMs: Millis;
  /** The first attempt ends within this time; 0: unknown. */
  readonly endsInMs?: Millis;
}
